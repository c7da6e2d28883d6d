import { labeller } from '@clew/core/internal';
import { messaging } from '@clew/core/plugin';

const label = labeller();

test.each([
  ['a UUID', 'user.0B7C3C5E-8d47-4a0e-9b6d-0c5a7e1f2d34.login', 'user.(temporary).login'],
  ['a UUID without dashes', 'user.0b7c3c5e8d474a0e9b6d0c5a7e1f2d34.login', 'user.(temporary).login'],
  ['an ObjectId', 'order.5f8d0d55b54764421b7156d9.paid', 'order.(temporary).paid'],
  ['a ULID', 'order.01ARZ3NDEKTSV4RRFFQ69G5FAV.paid', 'order.(temporary).paid'],
  ['a KSUID', 'order:0ujtsYcgvSTl8PAuAdqWYSMnLOv', 'order:(temporary)'],
  ['a cuid', 'order/cjld2cjxh0000qzrmn831i7rn/paid', 'order/(temporary)/paid'],
  ['a hash', 'file-2fd4e1c67a2d28fced849ee1bb76e7391b93eb12', 'file-(temporary)'],
  ['a number from a sequence', 'user.10001.created', 'user.(temporary).created'],
  ['a Snowflake', 'user_1541815603606036480_created', 'user_(temporary)_created'],
  ['several ids', 'user.10001.order.5f8d0d55b54764421b7156d9', 'user.(temporary).order.(temporary)'],
])('%s is recognised as an id', (_what, name, expected) => {
  expect(label(name)).toBe(expected);
});

test.each([
  'orders',
  'orders.2026.paid',
  'order.v2.paid',
  'port-5672',
  'user10001name',
  'deadbeef',
  'internationalization.notifications',
  'customer-notification-service.production',
  'base64encoder',
  'EURUSD.2024',
])('%s is not an id', (name) => {
  expect(label(name)).toBe(name);
});

test('a name that matches a template becomes the template; a placeholder is one word', () => {
  const templates = ['user.{name}.created', 'cart-{id}', 'a+b.{x}.{y}'];
  const withTemplates = labeller(undefined, templates);
  expect(withTemplates('user.ada.created')).toBe('user.{name}.created');
  expect(withTemplates('user.10001.created')).toBe('user.{name}.created');
  expect(withTemplates('user.ada.lovelace.created')).toBe('user.ada.lovelace.created');
  expect(withTemplates('cart-7')).toBe('cart-{id}');
  expect(withTemplates('a+b.1.2')).toBe('a+b.{x}.{y}');
  expect(withTemplates('aab.1.2')).toBe('aab.1.2');
});

test('a template becomes an attribute; a generated name is marked as temporary', () => {
  const parts = { system: 'toy', name: 'publish', destination: 'user.ada.created' };
  expect(messaging.createAction({ ...parts, label: 'user.{name}.created' })).toMatchObject({
    name: 'publish user.{name}.created',
    attributes: {
      'messaging.destination.name': 'user.ada.created',
      'messaging.destination.template': 'user.{name}.created',
    },
  });
  const { attributes } = messaging.createAction({ ...parts, label: 'user.(temporary).created' });
  expect(attributes).toMatchObject({ 'messaging.destination.temporary': true });
  expect(attributes).not.toHaveProperty(['messaging.destination.template']);
});

test('a long name is processed in linear time', () => {
  // The least of several times: a busy machine may stop the process in one of them.
  const times = Array.from({ length: 5 }, (_, round) => {
    const started = performance.now();
    for (const unit of ['a', '1', 'a1', 'f', '0a.', '{'])
      for (let count = 0; count < 20; count++) label(unit.repeat(20_000) + round + count);
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(1000);
});
