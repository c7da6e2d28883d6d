import { carriers } from '@clew/core';
import { HEADERS, HOUR, MINUTE, pair, queueGetter, rejections } from './signature-pair.ts';

describe('replay', () => {
  test("a request's signature is accepted once", () => {
    const { sign, verify } = pair();
    const signed = sign();
    expect(verify(signed)).toBe(true);
    expect(rejections(() => expect(verify(signed)).toBe(false))).toEqual(['signature: replayed']);
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
    expect(rejections(() => expect(verify(signed)).toBe(false))).toEqual(['signature: too old or too new']);
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
        expect(rejections(() => verify(signed))).toEqual(['signature: replayed']);
      }
      clock.now = signedAt + MINUTE + 1;
      expect(rejections(() => verify(signed))).toEqual(['signature: too old or too new']);
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
    expect(rejections(() => verify(message, queueGetter))).toEqual(['signature: too old or too new']);
  });

  test('are accepted once if that is configured', () => {
    const { clock, signMessage, verify } = pair({
      messages: { once: true, maxAgeMs: HOUR, maxSignedPerSecond: 100 },
    });
    const message = signMessage();
    expect(verify(message, queueGetter)).toBe(true);
    clock.now += HOUR - 1;
    expect(rejections(() => verify(message, queueGetter))).toEqual(['signature: replayed']);
  });

  test("a message's signature on a request has the limits for requests", () => {
    const { clock, signMessage, verify } = pair();
    const message = signMessage();
    expect(verify(message)).toBe(true);
    expect(rejections(() => verify(message))).toEqual(['signature: replayed']);
    const old = signMessage();
    clock.now += MINUTE + 1;
    expect(rejections(() => verify(old))).toEqual(['signature: too old or too new']);
  });

  test("a request's signature on a message has the limits for requests", () => {
    const { clock, sign, verify } = pair();
    const request = sign();
    expect(verify(request, queueGetter)).toBe(true);
    expect(rejections(() => verify(request, queueGetter))).toEqual(['signature: replayed']);
    const old = sign();
    clock.now += MINUTE + 1;
    expect(rejections(() => verify(old, queueGetter))).toEqual(['signature: too old or too new']);
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
    expect(rejections(() => verify(sign()))).toEqual(['signature: more than can be remembered']);
    clock.now += MINUTE;
    expect(verify(sign())).toBe(true);
  });

  test("with whenFull: 'accept', a signature beyond the rate is accepted", () => {
    const { sign, verify } = pair({ maxSignedPerSecond: 1, whenFull: 'accept' });
    const first = sign();
    expect(verify(first)).toBe(true);
    const results = Array.from({ length: 100 }, () => verify(sign()));
    expect(results.every(Boolean)).toBe(true);
    expect(rejections(() => verify(first))).toEqual(['signature: replayed']);
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
