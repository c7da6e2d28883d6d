import { nestEnvelope } from '../src/index.ts';

const read = (packet: unknown, correlationId?: string) =>
  nestEnvelope.read(Buffer.from(JSON.stringify(packet)), { correlationId });
const methodOf = (pattern: unknown) => (read({ pattern, data: {}, id: 'a' }) as { method: string }).method;

test('a request has an ID, and an event does not', () => {
  expect(read({ pattern: 'orders.total', data: [1], id: 'a' })).toEqual({
    kind: 'call',
    method: 'orders.total',
  });
  expect(read({ pattern: 'orders.created', data: {} })).toEqual({ kind: 'cast', method: 'orders.created' });
});

test('a pattern has the same name, whatever the order of its keys', () => {
  expect(methodOf({ cmd: 'sum', area: 'math' })).toBe('{"area":"math","cmd":"sum"}');
  expect(methodOf({ area: 'math', cmd: 'sum' })).toBe('{"area":"math","cmd":"sum"}');
});

test('a reply ends with the last packet or with an error, whose status and message are recorded', () => {
  expect(read({ response: 6 }, '1')).toEqual({ kind: 'reply', more: true });
  expect(read({ response: 6, isDisposed: true }, '1')).toEqual({ kind: 'reply' });
  expect(read({ isDisposed: true }, '1')).toEqual({ kind: 'reply' });
  const failureOf = (packet: object) => read(packet, '1');
  expect(failureOf({ err: { status: 'error', message: 'Internal server error' }, isDisposed: true })).toEqual(
    {
      kind: 'reply',
      failure: { type: 'error', message: 'Internal server error' },
    },
  );
  expect(failureOf({ err: { code: 404, message: 'no such order' } })).toEqual({
    kind: 'reply',
    failure: { type: '404', message: 'no such order' },
  });
  expect(failureOf({ err: 'There is no handler', status: 'error', id: 'a' })).toEqual({
    kind: 'reply',
    failure: { type: 'error', message: 'There is no handler' },
  });
  expect(failureOf({ err: { reason: { deep: true } } })).toMatchObject({
    failure: { type: 'error', message: '{"reason":{"deep":true}}' },
  });
});

test('other bodies are not recognised', () => {
  expect(read({ response: 6 })).toBeUndefined();
  expect(read({ order: 7 }, '1')).toBeUndefined();
  expect(read(['pattern'], '1')).toBeUndefined();
  expect(read(null, '1')).toBeUndefined();
  expect(nestEnvelope.read(Buffer.alloc(2_000_000, '{'), {})).toBeUndefined();
});
