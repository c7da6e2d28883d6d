import { isEnvelopes, readEnvelope } from '@clew/core/internal';
import { envelopesOption } from '@clew/core/plugin';

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

describe('envelopes named by an environment variable', () => {
  const option = envelopesOption({ json, oslo: 'far#makeOslo' });
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

  test('known ones and exports of packages, in their order', () => {
    expect(option.read?.(' oslo, json ,far#makeOslo', source)).toEqual([never, json, never]);
    expect(warnings).toEqual([]);
  });

  test('what cannot be used is left out with a warning that says why; the others count', () => {
    expect(option.read?.('olso,near#none,near#number,toString,json', source)).toEqual([json]);
    expect(warnings).toEqual([
      '"olso" is left out: expected json, oslo or package#export',
      '"near#none" is left out: near is not installed',
      '"near#number" is left out: near#number is no envelope',
      '"toString" is left out: expected json, oslo or package#export',
    ]);
  });
});
