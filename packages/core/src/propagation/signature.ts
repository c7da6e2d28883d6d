import { type Context, createContextKey, type TextMapGetter } from '@opentelemetry/api';
import { countDropped } from './dropped.ts';
import { joined, single } from './format.ts';

/**
 * Our signature over the W3C headers: `v1;k=<key id>;t=<ms since 1970>;s=<hex HMAC-SHA256>` in `clew-signature`.
 * Signed are version, key id, time and the three headers, each on a line of its own.
 */
export const SIGNATURE_HEADER = 'clew-signature';
const NAME = 'signature';
const PATTERN = /^v1;k=([\w.-]{1,64});t=(\d{1,15});s=([\da-f]{64})$/;
const SIGNED_HEADERS = ['traceparent', 'tracestate', 'baggage'] as const;

/** Keys and bounds of signatures. */
export interface SignatureOptions {
  /** Secrets by key id, at least 16 characters each. The first signs; all verify, so that keys can be rotated. */
  readonly keys: Readonly<Record<string, string>>;
  /** How far the peer's clock may be off, and how long a signature lives: [1000, 3600000] ms, default 60000. */
  readonly maxAgeMs?: number;
  /** Signatures remembered so that none counts twice: [100, 1000000], default 10000. When full, none is believed. */
  readonly maxRemembered?: number;
}

/** Signs outgoing headers and verifies incoming ones. */
export interface Signature {
  sign(headers: ReadonlyMap<string, string>): string;
  /** Returns the context marked as signed, or as it was. */
  verify<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context;
}

const KEY = createContextKey('clew.signed');

/** Whether what came in this context bore a valid signature. */
export function isSigned(context: Context): boolean {
  return context.getValue(KEY) === true;
}

/** Marks what came as signed; for formats that carry a signature of their own. */
export function withSigned(context: Context): Context {
  return context.setValue(KEY, true);
}

/** Makes the signer and verifier of some keys. Throws a TypeError for keys or bounds that can't be used. */
export function createSignature(options: SignatureOptions, now: () => number = Date.now): Signature {
  const { keys, maxAgeMs = 60_000, maxRemembered = 10_000 } = options;
  const ids = Object.keys(keys);
  expectKeys(keys);
  expectIn('maxAgeMs', maxAgeMs, 1000, 3_600_000);
  expectIn('maxRemembered', maxRemembered, 100, 1_000_000);
  const seen = new SeenSignatures(maxRemembered);
  const [signing] = ids as [string];

  return {
    sign(headers) {
      const time = String(now());
      const digest = hmac(keys[signing] as string, signing, time, (name) => headers.get(name)).toString(
        'hex',
      );
      return `v1;k=${signing};t=${time};s=${digest}`;
    },

    verify(context, carrier, getter) {
      const header = getter.get(carrier, SIGNATURE_HEADER);
      if (header === undefined) return context;
      const [, id, time, digest] = PATTERN.exec(single(header) ?? '') ?? [];
      const fault =
        digest === undefined ? 'malformed' : check(id as string, time as string, digest, carrier, getter);
      if (fault === undefined) return withSigned(context);
      countDropped(NAME, fault);
      return context;
    },
  };

  function check<C>(
    id: string,
    time: string,
    digest: string,
    carrier: C,
    getter: TextMapGetter<C>,
  ): string | undefined {
    const key = Object.hasOwn(keys, id) ? keys[id] : undefined;
    if (key === undefined) return 'unknown key';
    if (Math.abs(now() - Number(time)) > maxAgeMs) return 'too old or too new';
    const expected = hmac(key, id, time, (name) => joined(getter.get(carrier, name)));
    if (!crypto().timingSafeEqual(expected, Buffer.from(digest, 'hex'))) return 'wrong';
    // The clock may be off both ways: a signature from the future stays valid for twice the age.
    return seen.add(digest, now(), 2 * maxAgeMs);
  }
}

function hmac(key: string, id: string, time: string, header: (name: string) => string | undefined): Buffer {
  const lines = ['v1', id, time, ...SIGNED_HEADERS.map((name) => `${name}:${header(name) ?? ''}`)];
  return crypto().createHmac('sha256', key).update(lines.join('\n')).digest();
}

/** Imported as an ES module it costs a program's start 5 ms, and most programs sign nothing. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}

/** Only valid signatures come in here: nobody without a key can fill it. */
class SeenSignatures {
  readonly #until = new Map<string, number>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(digest: string, now: number, lifeMs: number): string | undefined {
    if (this.#until.has(digest)) return 'replayed';
    // In order of arrival, and all live equally long: the oldest are in front.
    for (const [old, until] of this.#until) {
      if (until > now) break;
      this.#until.delete(old);
    }
    if (this.#until.size >= this.#max) return 'more than can be remembered';
    this.#until.set(digest, now + lifeMs);
    return undefined;
  }
}

function expectKeys(keys: Readonly<Record<string, string>>): void {
  const entries = Object.entries(keys ?? {});
  if (entries.length === 0)
    throw new TypeError('@clew/core: expected signature.keys to hold at least one key, got none');
  for (const [id, key] of entries) {
    if (!/^[\w.-]{1,64}$/.test(id)) {
      throw new TypeError(
        `@clew/core: expected the ids of signature.keys to be letters, digits, _ . -, got ${JSON.stringify(id)}`,
      );
    }
    // The value is a secret: it is not quoted.
    if (typeof key !== 'string' || key.length < 16) {
      throw new TypeError(`@clew/core: expected signature.keys.${id} to be a text of at least 16 characters`);
    }
  }
}

function expectIn(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TypeError(`@clew/core: expected signature.${name} in [${min}, ${max}], got ${String(value)}`);
}
