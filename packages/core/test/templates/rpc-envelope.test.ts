import { isEnvelopes, readEnvelope } from '../../src/index.ts';

const body = Buffer.from('{"call":"sum"}');
const json = {
  system: 'json',
  read: (content: Buffer) => ({ kind: 'call', method: JSON.parse(content.toString()).call }) as const,
};
const never = { system: 'never', read: () => undefined };

test('the first envelope that knows a body is heard', () => {
  expect(readEnvelope([never, json], body, {})).toEqual({
    system: 'json',
    reading: { kind: 'call', method: 'sum' },
  });
});

test('an envelope that throws does not know the body', () => {
  expect(readEnvelope([json, never], Buffer.from('no json'), {})).toBeUndefined();
  expect(readEnvelope([json], 'no bytes', {})).toBeUndefined();
});

test('a list of envelopes is told from anything else', () => {
  expect([[], [json]].every(isEnvelopes)).toBe(true);
  expect([undefined, {}, [{}], [null], [{ system: 'a' }]].some(isEnvelopes)).toBe(false);
});
