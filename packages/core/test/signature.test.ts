import { carriers, createSignature, droppedFromWire, type SignatureOptions } from '@clew/core';
import fc from 'fast-check';
import { messageGetter } from '../src/propagation/carrier-kind.ts';

const KEY = 'a secret of more than sixteen letters';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  baggage: 'tenant=acme',
};
type Headers = Record<string, string | string[]>;
const getter = {
  get: (carrier: Headers, name: string) => carrier[name],
  keys: (carrier: Headers) => Object.keys(carrier),
};
const queueGetter = messageGetter(getter);

function pair(options: Partial<SignatureOptions> = {}) {
  const clock = { now: 1_790_000_000_000 };
  const signature = createSignature({ keys: { k1: KEY }, ...options }, () => clock.now);
  const sign = (headers: Record<string, string> = HEADERS) => ({
    ...headers,
    'clew-signature': signature.sign(new Map(Object.entries(headers))),
  });
  const signMessage = (headers: Record<string, string> = HEADERS) => ({
    ...headers,
    'clew-signature': signature.sign(new Map(Object.entries(headers)), Object.keys(headers), {
      kind: 'message',
    }),
  });
  const signFor = (host: string | undefined) => ({
    ...HEADERS,
    'clew-signature': signature.sign(new Map(Object.entries(HEADERS)), undefined, { kind: 'request', host }),
  });
  const verify = (headers: Headers, by = getter) => {
    const covered = signature.verify(headers, by);
    return covered !== undefined && covered !== 'refused';
  };
  return { clock, sign, signMessage, signFor, verify, signature };
}

/** The reasons for which headers were refused. */
function refusals(run: () => unknown): string[] {
  const before = droppedFromWire();
  run();
  return Object.entries(droppedFromWire())
    .filter(([cause, count]) => count !== (before[cause] ?? 0))
    .map(([cause]) => cause);
}

describe('a signature', () => {
  test('of headers is verified with the key that signed them', () => {
    const { signature, sign } = pair();
    expect(signature.verify(sign(), getter)).toEqual(new Map(Object.entries(HEADERS)));
  });

  test('that is missing is not counted as rejected', () => {
    const { signature } = pair();
    expect(refusals(() => expect(signature.verify(HEADERS, getter)).toBeUndefined())).toEqual([]);
  });

  test('does not cover a header that was added later', () => {
    const { signature } = pair();
    const value = signature.sign(new Map(Object.entries({ b3: '0' })), ['b3']);
    const covered = signature.verify({ b3: '0', ...HEADERS, 'clew-signature': value }, getter);
    expect(covered).toEqual(new Map([['b3', '0']]));
  });

  test.each<[string, Record<string, string | string[]>]>([
    ['another sampling flag', { traceparent: HEADERS.traceparent.replace(/01$/, '00') }],
    ['another trace', { traceparent: HEADERS.traceparent.replace('0af7', '0af8') }],
    ['baggage that was added', { baggage: 'tenant=acme,admin=yes' }],
    ['a second baggage header', { baggage: ['tenant=acme', 'admin=yes'] }],
    ['baggage that was removed', { baggage: '' }],
    ['a tracestate that was added', { tracestate: 'dd=s:2' }],
  ])('is invalidated by %s', (_title, change) => {
    const { sign, verify } = pair();
    const forged = () => expect(verify({ ...sign(), ...change })).toBe(false);
    expect(refusals(forged)).toEqual(['signature: wrong']);
  });

  test('covers names that are converted to lower case in transit', () => {
    const { signature } = pair();
    const value = signature.sign(new Map([['uberctx-Tenant', 'acme']]), ['uberctx-Tenant']);
    const covered = signature.verify({ 'uberctx-tenant': 'acme', 'clew-signature': value }, getter);
    expect(covered).toEqual(new Map([['uberctx-Tenant', 'acme']]));
  });

  test('a value can’t be extended into the next header', () => {
    const { signature, verify } = pair();
    const value = signature.sign(new Map(Object.entries({ a: 'x', b: 'y\nb:z' })), ['a', 'b']);
    expect(verify({ a: 'x\nb:y', b: 'z', 'clew-signature': value })).toBe(false);
    const empty = signature.sign(new Map([['a', 'x\nb']]), ['a', 'b']);
    expect(verify({ a: 'x', b: '', 'clew-signature': empty })).toBe(false);
  });

  test('a value can’t be moved from one header to another', () => {
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', ':', '\n', '1', ','), maxLength: 6 }),
      {
        minLength: 2,
        maxLength: 2,
      },
    );
    const names = ['a', 'b'];
    fc.assert(
      fc.property(texts, texts, ([a = '', b = ''], [c = '', d = '']) => {
        fc.pre(a !== c || b !== d);
        const { signature, verify } = pair({ maxSignedPerSecond: 100_000 });
        const value = signature.sign(new Map(Object.entries({ a, b })), names);
        expect(verify({ a: c, b: d, 'clew-signature': value })).toBe(false);
        expect(verify({ a, b, 'clew-signature': value })).toBe(true);
      }),
    );
  });

  test.each(['k', 't', 'n', 'h', 's'])('a change of its field %s is detected', (field) => {
    const { sign, verify } = pair({ keys: { k1: KEY, k2: `${KEY} too` } });
    const signed = sign();
    const value = signed['clew-signature'];
    const others: Record<string, string> = {
      k: value.replace('k=k1', 'k=k2'),
      t: value.replace('t=1790000000000', 't=1790000000001'),
      n: value.replace(/n=./, (found) => (found === 'n=0' ? 'n=1' : 'n=0')),
      h: value.replace('h=traceparent,', 'h='),
      s: value.replace(/.$/, (found) => (found === '0' ? '1' : '0')),
    };
    expect(others[field]).not.toBe(value);
    expect(verify({ ...signed, 'clew-signature': others[field] as string })).toBe(false);
  });

  test.each<[string, string | string[]]>([
    ['no signature at all', 'open sesame'],
    ['an empty one', ''],
    ['version 1, which did not name what it covers', `v1;k=k1;t=1790000000000;s=${'a'.repeat(64)}`],
    ['an upper-case digest', `v2;k=k1;t=1;n=${'n'.repeat(18)};h=b3;s=${'A'.repeat(64)}`],
    ['two of them', [`v2;k=k1;t=1;n=${'n'.repeat(18)};h=b3;s=${'a'.repeat(64)}`, 'v2']],
    ['ten thousand letters', 'v2;'.padEnd(10_000, 'k')],
    ['ten thousand names', `v2;k=k1;t=1;n=${'n'.repeat(18)};h=${'a,'.repeat(10_000)};s=${'a'.repeat(64)}`],
  ])('%s is malformed', (_title, header) => {
    const { verify } = pair();
    expect(refusals(() => expect(verify({ ...HEADERS, 'clew-signature': header })).toBe(false))).toEqual([
      'signature: malformed',
    ]);
  });

  test.each(['unknown', '__proto__', 'constructor', 'toString'])('the key id %s is unknown', (id) => {
    const { sign, verify } = pair();
    const signed = sign();
    const forged = { ...signed, 'clew-signature': signed['clew-signature'].replace('k=k1', `k=${id}`) };
    expect(refusals(() => expect(verify(forged)).toBe(false))).toEqual(['signature: unknown key']);
  });

  test('the first key signs and all verify, so that keys can be rotated', () => {
    const old = pair();
    const both = pair({ keys: { k2: `${KEY} anew`, k1: KEY } });
    const renewed = pair({ keys: { k2: `${KEY} anew` } });
    expect(both.verify(old.sign())).toBe(true);
    expect(renewed.verify(both.sign())).toBe(true);
    expect(renewed.verify(old.sign())).toBe(false);
  });
});

describe('replay', () => {
  test("a request's signature is accepted once", () => {
    const { sign, verify } = pair();
    const signed = sign();
    expect(verify(signed)).toBe(true);
    expect(refusals(() => expect(verify(signed)).toBe(false))).toEqual(['signature: replayed']);
  });

  test('a thousand equal requests in one millisecond are all accepted', () => {
    const { sign, verify } = pair();
    expect(Array.from({ length: 1000 }, () => verify(sign())).every(Boolean)).toBe(true);
  });

  test.each([
    ['older than the bound', 60_001],
    ['newer than the limit', -60_001],
  ])('a signature %s is rejected', (_title, lateMs) => {
    const { clock, sign, verify } = pair();
    const signed = sign();
    clock.now += lateMs;
    expect(refusals(() => expect(verify(signed)).toBe(false))).toEqual(['signature: too old or too new']);
  });

  test.each([-MINUTE, -MINUTE / 2, -1, 0])(
    'a signature that arrives %d ms after its time is accepted once, until it is too old',
    (aheadMs) => {
      const { clock, sign, verify } = pair();
      const signedAt = clock.now;
      const signed = sign();
      clock.now = signedAt + aheadMs;
      expect(verify(signed)).toBe(true);
      for (let now = clock.now; now <= signedAt + MINUTE; now += 1000) {
        clock.now = now;
        // The signatures of other requests must not evict the first one from the memory.
        expect(verify(sign())).toBe(true);
        expect(refusals(() => verify(signed))).toEqual(['signature: replayed']);
      }
      clock.now = signedAt + MINUTE + 1;
      expect(refusals(() => verify(signed))).toEqual(['signature: too old or too new']);
    },
  );

  test('with once: false it is accepted repeatedly within its maximum age', () => {
    const { sign, verify } = pair({ once: false });
    const signed = sign();
    expect([verify(signed), verify(signed)]).toEqual([true, true]);
  });
});

describe('messages', () => {
  test('may be delivered repeatedly, and hours later', () => {
    const { clock, signMessage, verify } = pair();
    const message = signMessage();
    clock.now += HOUR;
    expect([verify(message, queueGetter), verify(message, queueGetter)]).toEqual([true, true]);
    clock.now += 24 * HOUR;
    expect(refusals(() => verify(message, queueGetter))).toEqual(['signature: too old or too new']);
  });

  test('are accepted once if that is configured', () => {
    const { clock, signMessage, verify } = pair({
      messages: { once: true, maxAgeMs: HOUR, maxSignedPerSecond: 100 },
    });
    const message = signMessage();
    expect(verify(message, queueGetter)).toBe(true);
    clock.now += HOUR - 1;
    expect(refusals(() => verify(message, queueGetter))).toEqual(['signature: replayed']);
  });

  test("a message's signature on a request has the limits for requests", () => {
    const { clock, signMessage, verify } = pair();
    const message = signMessage();
    expect(verify(message)).toBe(true);
    expect(refusals(() => verify(message))).toEqual(['signature: replayed']);
    const old = signMessage();
    clock.now += MINUTE + 1;
    expect(refusals(() => verify(old))).toEqual(['signature: too old or too new']);
  });

  test("a request's signature on a message has the limits for requests", () => {
    const { clock, sign, verify } = pair();
    const request = sign();
    expect(verify(request, queueGetter)).toBe(true);
    expect(refusals(() => verify(request, queueGetter))).toEqual(['signature: replayed']);
    const old = sign();
    clock.now += MINUTE + 1;
    expect(refusals(() => verify(old, queueGetter))).toEqual(['signature: too old or too new']);
  });
});

test('environment variables may be read repeatedly', () => {
  const { signature } = pair();
  const environment: Record<string, string> = {};
  const headers = new Map(Object.entries(HEADERS));
  for (const [name, value] of headers) carriers.environmentSetter.set(environment, name, value);
  carriers.environmentSetter.set(environment, 'clew-signature', signature.sign(headers));
  for (let i = 0; i < 3; i++)
    expect(signature.verify(environment, carriers.environmentGetter)).toEqual(headers);
});

describe('memory', () => {
  test('beyond the rate, signatures are refused until the first ones have expired', () => {
    const { clock, sign, verify } = pair({ maxSignedPerSecond: 1 });
    clock.now = 1_790_000_040_000;
    const results = Array.from({ length: 61 }, () => verify(sign()));
    expect(results.filter(Boolean)).toHaveLength(60);
    expect(refusals(() => verify(sign()))).toEqual(['signature: more than can be remembered']);
    clock.now += MINUTE;
    expect(verify(sign())).toBe(true);
  });

  test("with whenFull: 'accept', a signature beyond the rate is accepted", () => {
    const { sign, verify } = pair({ maxSignedPerSecond: 1, whenFull: 'accept' });
    const first = sign();
    expect(verify(first)).toBe(true);
    const results = Array.from({ length: 100 }, () => verify(sign()));
    expect(results.every(Boolean)).toBe(true);
    expect(refusals(() => verify(first))).toEqual(['signature: replayed']);
  });

  test('by default, 1000 requests a second are accepted indefinitely', () => {
    const { clock, sign, verify } = pair();
    let refused = 0;
    for (let second = 0; second < 150; second++) {
      clock.now += 1000;
      for (let i = 0; i < 950; i += 10) if (!verify(sign())) refused++;
    }
    for (let i = 0; i < 40_000; i++) if (!verify(sign())) refused++;
    expect(refused).toBe(0);
  });
});

describe('audience', () => {
  test('a service with an audience accepts only signatures for it', () => {
    const sender = pair({ audiences: { 'orders.internal': 'orders', '*.internal': 'others' } });
    const orders = pair({ audience: 'orders' });
    const anyone = pair();
    expect(orders.verify(sender.signFor('orders.internal:8080'))).toBe(true);
    expect(refusals(() => orders.verify(sender.signFor('mail.internal')))).toEqual([
      'signature: for another audience',
    ]);
    expect(orders.verify(sender.signFor('elsewhere.example'))).toBe(false);
    expect(orders.verify(sender.signFor(undefined))).toBe(false);
    expect(anyone.verify(sender.signFor('orders.internal'))).toBe(true);
  });

  test('* sets the audience of all other hosts', () => {
    const sender = pair({ audiences: { 'mail.internal': 'mail', '*': 'orders' } });
    const orders = pair({ audience: 'orders' });
    expect(orders.verify(sender.signFor(undefined))).toBe(true);
    expect(orders.verify(sender.signFor('mail.internal'))).toBe(false);
  });
});

describe('options', () => {
  test.each<[object, RegExp]>([
    [{ keys: {} }, /expected signature.keys to hold at least one key, got none/],
    [{ keys: { k1: 'short' } }, /expected signature.keys.k1 to be a text of at least 16 characters$/],
    [{ keys: { 'k 1': KEY } }, /expected the ids of signature.keys/],
    [{ maxAgeMs: 10 }, /expected signature.maxAgeMs in \[1000, 3600000\], got 10/],
    [{ maxSignedPerSecond: 0 }, /expected signature.maxSignedPerSecond in \[1, 100000\], got 0/],
    [{ once: 1 }, /expected signature.once true \| false, got 1/],
    [{ whenFull: 'drop' }, /expected signature.whenFull "refuse" \| "accept", got "drop"/],
    [
      { messages: { once: true } },
      /expected signature.messages.maxSignedPerSecond to remember at most 20000000/,
    ],
    [
      { messages: { maxAge: 1 } },
      /expected signature.messages to have options among maxAgeMs, once, maxSignedPerSecond, got/,
    ],
    [{ messages: null }, /expected signature.messages to be an object of options, got null/],
    [{ audience: 'a b' }, /expected signature.audience to be up to 64 letters/],
    [{ audiences: { '*': '' } }, /expected signature.audiences\[\*\] to be up to 64 letters/],
  ])('%j throws an error that contains no secret', (options, message) => {
    expect(() => createSignature({ keys: { k1: KEY }, ...options } as SignatureOptions)).toThrow(message);
  });
});
