import { expectFit } from '../kit/expect-fit.ts';

/** Keys and limits of signatures. */
export interface SignatureOptions {
  /** Secrets by key id, at least 16 characters each. The first signs; all verify, so that keys can be rotated. */
  readonly keys: Readonly<Record<string, string>>;
  /** The maximum age of a request's signature, and how far the peer's clock may be ahead: [1000, 3600000] ms, default 60000. */
  readonly maxAgeMs?: number;
  /** Whether a request's signature is accepted only once. Default `true`. */
  readonly once?: boolean;
  /**
   * How many signed requests a second are remembered to detect replays, as an average over `maxAgeMs`: [1, 100000],
   * default 1000. Each takes about 16 bytes for up to twice `maxAgeMs`.
   */
  readonly maxSignedPerSecond?: number;
  /** Whether a signature is refused (default) or accepted without replay protection when the memory is full. */
  readonly whenFull?: 'refuse' | 'accept';
  /** Limits for messages, which may wait in queues and be delivered again. */
  readonly messages?: {
    /** [1000, 2592000000] ms (30 days), default 86400000 (one day). */
    readonly maxAgeMs?: number;
    /** Whether a message's signature is accepted only at its first delivery. Default `false`. */
    readonly once?: boolean;
    /** As for requests. `maxSignedPerSecond` times `maxAgeMs` must be at most 20 million messages. */
    readonly maxSignedPerSecond?: number;
  };
  /** The name of this service. If set, only signatures for this audience are accepted. */
  readonly audience?: string;
  /** The audience of outgoing signatures, by host pattern; `*` is for all other hosts and for messages. */
  readonly audiences?: Readonly<Record<string, string>>;
}

/** The limits for one kind of carrier. */
export interface SignatureBounds {
  readonly maxAgeMs: number;
  readonly once: boolean;
  readonly maxPerSecond: number;
}

/** Options with defaults filled in. */
export interface CheckedSignatureOptions {
  readonly keys: Readonly<Record<string, string>>;
  readonly whenFull: 'refuse' | 'accept';
  readonly audience: string | undefined;
  readonly request: SignatureBounds;
  readonly message: SignatureBounds;
}

const MAX_REMEMBERED = 20_000_000;
const DAY_MS = 86_400_000;
const MESSAGE_NAMES = ['maxAgeMs', 'once', 'maxSignedPerSecond'];
const NAMES = ['keys', ...MESSAGE_NAMES, 'whenFull', 'messages', 'audience', 'audiences'];
const AUDIENCE = /^[\w.:-]{1,64}$/;

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError} that names the option and never contains a key.
 */
export function checkSignatureOptions(options: SignatureOptions): CheckedSignatureOptions {
  const { keys, maxAgeMs = 60_000, once = true, maxSignedPerSecond = 1000, whenFull = 'refuse' } = options;
  const { messages = {}, audience, audiences = {} } = options;
  expectKnown('signature', options, NAMES);
  expectKeys(keys);
  expectOption(isRecord(messages), 'messages', 'to be an object of options', messages);
  const request = { maxAgeMs, once, maxPerSecond: maxSignedPerSecond };
  const message = {
    maxAgeMs: messages.maxAgeMs ?? DAY_MS,
    once: messages.once ?? false,
    maxPerSecond: messages.maxSignedPerSecond ?? maxSignedPerSecond,
  };
  expectOption(isRecord(audiences), 'audiences', 'to be an object of names by host pattern', audiences);
  expectKnown('signature.messages', messages, MESSAGE_NAMES);
  expectBounds('', request, 3_600_000);
  expectBounds('messages.', message, 30 * DAY_MS);
  expectOption(whenFull === 'refuse' || whenFull === 'accept', 'whenFull', '"refuse" | "accept"', whenFull);
  if (audience !== undefined) expectAudience('audience', audience);
  for (const [pattern, name] of Object.entries(audiences)) expectAudience(`audiences[${pattern}]`, name);
  return { keys, whenFull, audience, request, message };
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
    // The key is a secret, so it is not quoted.
    if (typeof key !== 'string' || key.length < 16) {
      throw new TypeError(`@clew/core: expected signature.keys.${id} to be a text of at least 16 characters`);
    }
  }
}

function expectBounds(
  prefix: string,
  { maxAgeMs, once, maxPerSecond }: SignatureBounds,
  maxAge: number,
): void {
  expectIn(`${prefix}maxAgeMs`, maxAgeMs, 1000, maxAge);
  expectIn(`${prefix}maxSignedPerSecond`, maxPerSecond, 1, 100_000);
  expectOption(typeof once === 'boolean', `${prefix}once`, 'true | false', once);
  const remembered = (maxPerSecond * maxAgeMs) / 1000;
  expectOption(
    !once || remembered <= MAX_REMEMBERED,
    `${prefix}maxSignedPerSecond`,
    `to remember at most ${MAX_REMEMBERED} signatures within ${prefix}maxAgeMs`,
    maxPerSecond,
  );
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expectKnown(name: string, given: object, known: readonly string[]): void {
  for (const key of Object.keys(given))
    expectFit('@clew/core', known.includes(key), `${name} to have options among ${known.join(', ')}`, key);
}

function expectIn(name: string, value: number, min: number, max: number): void {
  expectOption(Number.isInteger(value) && value >= min && value <= max, name, `in [${min}, ${max}]`, value);
}

function expectAudience(name: string, value: unknown): void {
  const fits = typeof value === 'string' && AUDIENCE.test(value);
  expectOption(fits, name, 'to be up to 64 letters, digits, _ . : -', value);
}

function expectOption(fits: boolean, name: string, expected: string, value: unknown): void {
  expectFit('@clew/core', fits, `signature.${name} ${expected}`, value);
}
