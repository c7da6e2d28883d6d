import { createSignature, type SignatureOptions } from '@clew/core';
import fc from 'fast-check';
import { getter, HEADERS, KEY, pair, rejections } from './signature-pair.ts';

describe('a signature', () => {
  test('of headers is verified with the key that signed them', () => {
    const { signature, sign } = pair();
    expect(signature.verify(sign(), getter)).toEqual(new Map(Object.entries(HEADERS)));
  });

  test('that is missing is not counted as rejected', () => {
    const { signature } = pair();
    expect(rejections(() => expect(signature.verify(HEADERS, getter)).toBeUndefined())).toEqual([]);
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
    expect(rejections(forged)).toEqual(['signature: wrong']);
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
    expect(rejections(() => expect(verify({ ...HEADERS, 'clew-signature': header })).toBe(false))).toEqual([
      'signature: malformed',
    ]);
  });

  test.each(['unknown', '__proto__', 'constructor', 'toString'])('the key id %s is unknown', (id) => {
    const { sign, verify } = pair();
    const signed = sign();
    const forged = { ...signed, 'clew-signature': signed['clew-signature'].replace('k=k1', `k=${id}`) };
    expect(rejections(() => expect(verify(forged)).toBe(false))).toEqual(['signature: unknown key']);
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

describe('audience', () => {
  test('a service with an audience accepts only signatures for it', () => {
    const sender = pair({ audiences: { 'orders.internal': 'orders', '*.internal': 'others' } });
    const orders = pair({ audience: 'orders' });
    const anyone = pair();
    expect(orders.verify(sender.signFor('orders.internal:8080'))).toBe(true);
    expect(rejections(() => orders.verify(sender.signFor('mail.internal')))).toEqual([
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
