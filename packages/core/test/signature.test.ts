import {
  createSignature,
  droppedFromWire,
  isSigned,
  rootContext,
  type SignatureOptions,
} from '../src/index.ts';

const KEY = 'a secret of more than sixteen letters';
const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  baggage: 'tenant=acme',
};
const getter = {
  get: (carrier: Record<string, string | string[]>, name: string) => carrier[name],
  keys: (carrier: Record<string, string | string[]>) => Object.keys(carrier),
};

function pair(options: Partial<SignatureOptions> = {}) {
  const clock = { now: 1_790_000_000_000 };
  const signature = createSignature({ keys: { k1: KEY }, ...options }, () => clock.now);
  const sign = (headers: Record<string, string> = HEADERS) =>
    signature.sign(new Map(Object.entries(headers)));
  const verify = (headers: Record<string, string | string[]>) =>
    isSigned(signature.verify(rootContext, headers, getter));
  return { clock, sign, verify };
}

function droppedBy(run: () => unknown): string[] {
  const before = droppedFromWire();
  run();
  return Object.entries(droppedFromWire())
    .filter(([cause, count]) => count !== (before[cause] ?? 0))
    .map(([cause]) => cause);
}

describe('signatures over the W3C headers', () => {
  test('what one key signed, the same key verifies', () => {
    const { sign, verify } = pair();
    expect(verify({ ...HEADERS, 'clew-signature': sign() })).toBe(true);
  });

  test('what is not signed is no fault', () => {
    const { verify } = pair();
    expect(droppedBy(() => expect(verify(HEADERS)).toBe(false))).toEqual([]);
  });

  test.each<[string, Record<string, string | string[]>]>([
    ['another sampling flag', { traceparent: HEADERS.traceparent.replace(/01$/, '00') }],
    ['another trace', { traceparent: HEADERS.traceparent.replace('0af7', '0af8') }],
    ['baggage that was added', { baggage: 'tenant=acme,admin=yes' }],
    ['baggage that was taken away', { baggage: '' }],
    ['a tracestate that was added', { tracestate: 'dd=s:2' }],
  ])('%s breaks it', (_title, change) => {
    const { sign, verify } = pair();
    const forged = () => expect(verify({ ...HEADERS, 'clew-signature': sign(), ...change })).toBe(false);
    expect(droppedBy(forged)).toEqual(['signature: wrong']);
  });

  test.each<[string, string | string[]]>([
    ['no signature at all', 'open sesame'],
    ['an empty one', ''],
    ['an upper-case digest', `v1;k=k1;t=1790000000000;s=${'A'.repeat(64)}`],
    ['another version', `v2;k=k1;t=1790000000000;s=${'a'.repeat(64)}`],
    ['two of them', ['v1;k=k1;t=1;s=a', 'v1;k=k1;t=1;s=b']],
    ['ten thousand letters', 'v1;'.padEnd(10_000, 'k')],
  ])('%s is malformed', (_title, header) => {
    const { verify } = pair();
    expect(droppedBy(() => expect(verify({ ...HEADERS, 'clew-signature': header })).toBe(false))).toEqual([
      'signature: malformed',
    ]);
  });

  test.each(['nobody', '__proto__', 'constructor', 'toString'])('the key id %s is unknown', (id) => {
    const { sign, verify } = pair();
    const forged = sign().replace('k=k1', `k=${id}`);
    expect(droppedBy(() => expect(verify({ ...HEADERS, 'clew-signature': forged })).toBe(false))).toEqual([
      'signature: unknown key',
    ]);
  });

  test('a signature counts once', () => {
    const { sign, verify } = pair();
    const signed = { ...HEADERS, 'clew-signature': sign() };
    expect(verify(signed)).toBe(true);
    expect(droppedBy(() => expect(verify(signed)).toBe(false))).toEqual(['signature: replayed']);
  });

  test.each([
    ['older than the bound', 60_001],
    ['newer than the bound', -60_001],
  ])('one that is %s does not count', (_title, lateMs) => {
    const { clock, sign, verify } = pair();
    const signed = { ...HEADERS, 'clew-signature': sign() };
    clock.now += lateMs;
    expect(droppedBy(() => expect(verify(signed)).toBe(false))).toEqual(['signature: too old or too new']);
  });

  test('a signature from a clock ahead can not be replayed when the bound has passed once', () => {
    const { clock, sign, verify } = pair();
    clock.now += 50_000;
    const signed = { ...HEADERS, 'clew-signature': sign() };
    clock.now -= 50_000;
    expect(verify(signed)).toBe(true);
    clock.now += 100_000;
    expect(verify(signed)).toBe(false);
  });

  test('what is remembered is bounded, and beyond the bound nobody is believed', () => {
    const { clock, sign, verify } = pair({ maxRemembered: 100 });
    const results = Array.from({ length: 101 }, (_, index) => {
      clock.now += 1;
      const headers = { ...HEADERS, baggage: `n=${index}` };
      return verify({ ...headers, 'clew-signature': sign(headers) });
    });
    expect(results.filter(Boolean)).toHaveLength(100);
    expect(results.at(-1)).toBe(false);
    clock.now += 200_000;
    expect(verify({ ...HEADERS, 'clew-signature': sign() })).toBe(true);
  });

  test('the first key signs, all verify: keys can be changed without a gap', () => {
    const old = pair();
    const both = pair({ keys: { k2: `${KEY} anew`, k1: KEY } });
    const renewed = pair({ keys: { k2: `${KEY} anew` } });
    expect(both.verify({ ...HEADERS, 'clew-signature': old.sign() })).toBe(true);
    expect(renewed.verify({ ...HEADERS, 'clew-signature': both.sign() })).toBe(true);
    expect(renewed.verify({ ...HEADERS, 'clew-signature': old.sign() })).toBe(false);
  });

  test.each<[Partial<SignatureOptions>, RegExp]>([
    [{ keys: {} }, /expected signature.keys to hold at least one key, got none/],
    [{ keys: { k1: 'short' } }, /expected signature.keys.k1 to be a text of at least 16 characters$/],
    [{ keys: { 'k 1': KEY } }, /expected the ids of signature.keys/],
    [{ maxAgeMs: 10 }, /expected signature.maxAgeMs in \[1000, 3600000\], got 10/],
    [{ maxRemembered: 1 }, /expected signature.maxRemembered in/],
  ])('%j is refused with a clear error that tells no secret', (options, message) => {
    expect(() => createSignature({ keys: { k1: KEY }, ...options })).toThrow(message);
  });
});
