import { messaging } from '@clew/core/plugin';

function prepare(options = { ignore: ['audit'], destinationTemplates: ['user.{name}.login'] }) {
  const tools = { options };
  const create = jest.fn((server: object, destination: string, label: string, ignored: boolean) =>
    messaging.createAction({
      system: 'toy',
      name: 'send',
      type: 'send',
      destination,
      label,
      ignored,
      more: { ...server },
    }),
  );
  const actions = messaging.actionsBy(tools, /tmp-\d+/, ({ label, isIgnored, once }) => ({
    send: once((server: object, name: string) => create(server, name, label(name), isIgnored(name))),
  }));
  return { tools, create, actions };
}

test('an action is created once for each combination of arguments, in whatever order they are used', () => {
  const { create, actions } = prepare();
  const [one, other] = [{}, {}];
  const first = actions().send(one, 'orders');
  expect(actions().send(one, 'songs')).not.toBe(first);
  expect(actions().send(other, 'orders')).not.toBe(first);
  expect(actions().send(one, 'orders')).toBe(first);
  expect(create).toHaveBeenCalledTimes(3);
});

test('names are replaced and ignored by the options, which may change', () => {
  const { tools, actions } = prepare();
  const nameOf = (destination: string) => actions().send({}, destination).name;
  expect(nameOf('user.ada.login')).toBe('send user.{name}.login');
  expect(nameOf('tmp-7')).toBe('send (temporary)');
  expect(actions().send({}, 'audit').ignored).toBe(true);
  expect(actions().send({}, '').ignored).toBe(false);
  tools.options = { ignore: [], destinationTemplates: [] };
  expect(nameOf('user.ada.login')).toBe('send user.ada.login');
  expect(actions().send({}, 'audit').ignored).toBe(false);
});

test('there are at most 1,000 actions: then all are created anew', () => {
  const { create, actions } = prepare();
  const server = {};
  const first = actions().send(server, 'first');
  for (let count = 1; count < 999; count++) actions().send(server, `orders ${count}`);
  expect(actions().send(server, 'first')).toBe(first);
  actions().send(server, 'the last one');
  expect(actions().send(server, 'first')).not.toBe(first);
  expect(create).toHaveBeenCalledTimes(1001);
});

test('the attributes of a server are one object for each address and port', () => {
  expect(messaging.serverAttributes('::1', 5672)).toEqual({ 'server.address': '::1', 'server.port': 5672 });
  expect(messaging.serverAttributes('::1', 5672)).toBe(messaging.serverAttributes('::1', 5672));
  expect(messaging.serverAttributes('broker', undefined)).toEqual({ 'server.address': 'broker' });
  expect(messaging.serverAttributes(undefined, 5672)).toEqual({ 'server.port': 5672 });
  expect(messaging.serverAttributes(undefined, undefined)).toEqual({});
});
