import { rpc } from '@clew/core/plugin';
import { isEnvelopes } from '../../src/templates/rpc-envelope.ts';

const body = Buffer.from('{"call":"sum"}');
const json = {
  system: 'json',
  read: (content: Buffer) => ({ kind: 'call', method: JSON.parse(content.toString()).call }) as const,
};
const never = { system: 'never', read: () => undefined };

test('the first envelope that recognises a body is used', () => {
  expect(rpc.readEnvelope([never, json], body, {})).toEqual({
    system: 'json',
    reading: { kind: 'call', method: 'sum' },
  });
});

test('an envelope that throws is skipped', () => {
  expect(rpc.readEnvelope([json, never], Buffer.from('no json'), {})).toBeUndefined();
  expect(rpc.readEnvelope([json], 'no bytes', {})).toBeUndefined();
});

test('a list of envelopes is distinguished from other values', () => {
  expect([[], [json]].every(isEnvelopes)).toBe(true);
  expect([undefined, {}, [{}], [null], [{ system: 'a' }]].some(isEnvelopes)).toBe(false);
});

describe('envelopes named by an environment variable', () => {
  const option = rpc.envelopesOption({ json, oslo: 'far#makeOslo' });
  const warnings: string[] = [];
  const source = {
    load: (reference: string) => {
      if (reference === 'far#makeOslo') return () => never;
      if (reference === 'near#number') return 7;
      throw new Error('near is not installed');
    },
    warn: (reason: string) => warnings.push(reason),
  };
  afterEach(() => {
    warnings.length = 0;
  });

  test('are built-in ones or exports of packages, in order', () => {
    expect(option.read?.(' oslo, json ,far#makeOslo', source)).toEqual([never, json, never]);
    expect(warnings).toEqual([]);
  });

  test('an unusable one is skipped with a warning that names the reason; the others are used', () => {
    expect(option.read?.('olso,near#none,near#number,toString,json', source)).toEqual([json]);
    expect(warnings).toEqual([
      '"olso" is left out: expected json, oslo or package#export',
      '"near#none" is left out: near is not installed',
      '"near#number" is left out: near#number is not an envelope',
      '"toString" is left out: expected json, oslo or package#export',
    ]);
  });
});
