import { createSignature, droppedFromWire, type SignatureOptions } from '@clew/core';
import { messageGetter } from '../src/propagation/carrier-kind.ts';

export const KEY = 'a secret of more than sixteen letters';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const HEADERS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  baggage: 'tenant=acme',
};
export type Headers = Record<string, string | string[]>;
export const getter = {
  get: (carrier: Headers, name: string) => carrier[name],
  keys: (carrier: Headers) => Object.keys(carrier),
};
export const queueGetter = messageGetter(getter);

/** A signature with a clock that the test controls, and functions that sign and verify headers with it. */
export function pair(options: Partial<SignatureOptions> = {}) {
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

/** Returns the causes for which headers were rejected while `run` ran. */
export function rejections(run: () => unknown): string[] {
  const before = droppedFromWire();
  run();
  return Object.entries(droppedFromWire())
    .filter(([cause, count]) => count !== (before[cause] ?? 0))
    .map(([cause]) => cause);
}
