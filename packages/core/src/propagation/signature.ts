import { Buffer } from 'node:buffer';
import type { TextMapGetter } from '@opentelemetry/api';
import { wallNow } from '../kit/originals.ts';
import {
  type CarrierKind,
  carrierKindOf,
  type InjectionTarget,
  wantInjectionTargets,
} from './carrier-kind.ts';
import { destinationDecider } from './destinations.ts';
import { countDropped } from './dropped.ts';
import { joined, single } from './format.ts';
import { trackProvenance } from './provenance.ts';
import { ReplayMemory } from './replay-memory.ts';
import { checkSignatureOptions, type SignatureOptions } from './signature-options.ts';

/**
 * Clew's signature over headers, in its own header:
 * `v2;k=<key id>;t=<ms since 1970>;n=<nonce>;h=<names>[;c=message][;a=<audience>];s=<hex HMAC-SHA256>`.
 * It covers all fields before `s`, and for each name in `h` the header's value or its absence.
 */
export const SIGNATURE_HEADER = 'clew-signature';
const NAME = 'signature';
const PATTERN =
  /^v2;k=([\w.-]{1,64});t=(\d{1,15});n=([\w-]{16,64});h=([\w!#$%&'*+\-.^`|~,]{1,4096})(;c=message)?(?:;a=([\w.:-]{1,64}))?;s=([\da-f]{64})$/;
const MAX_CHARS = 6144;
const W3C_HEADERS = ['traceparent', 'tracestate', 'baggage'];
const REQUEST: InjectionTarget = { kind: 'request' };

/** The signed values of the headers that a signature covers. It may also cover the absence of a header. */
export type CoveredHeaders = ReadonlyMap<string, string>;

/** Signs outgoing headers and verifies incoming ones. */
export interface Signature {
  /**
   * Returns the header's value, for a target (default: a request). It covers `headers` and the absence of the other W3C
   * headers; or, if `names` are given, the values or the absence of these headers.
   */
  sign(headers: ReadonlyMap<string, string>, names?: readonly string[], target?: InjectionTarget): string;
  /** Returns the headers that a valid signature covers; `refused` for an invalid one, `undefined` without a signature. */
  verify<C>(carrier: C, getter: TextMapGetter<C>): CoveredHeaders | 'refused' | undefined;
}

/** The parts of a signature header. */
interface Claim {
  readonly id: string;
  readonly time: number;
  readonly kind: CarrierKind;
  readonly audience: string | undefined;
  readonly names: readonly string[];
  /** The text of all fields before the digest, which is signed too. */
  readonly fields: string;
  readonly digest: string;
}

/**
 * Creates the signer and verifier for a set of keys.
 *
 * @throws {TypeError} for invalid keys or limits.
 */
export function createSignature(options: SignatureOptions, now: () => number = wallNow): Signature {
  const { keys, audience, whenFull, request, message } = checkSignatureOptions(options);
  const [signing = ''] = Object.keys(keys);
  const audienceOf = audiencesBy(options.audiences);
  const memories = { request: memoryOf(request), message: memoryOf(message), environment: undefined };
  trackProvenance();
  wantInjectionTargets();

  return {
    sign(headers, names = [...new Set([...W3C_HEADERS, ...headers.keys()])], { kind, host } = REQUEST) {
      const receiver = audienceOf?.(host);
      const fields =
        `v2;k=${signing};t=${now()};n=${nonce()};h=${names.join(',')}` +
        `${kind === 'message' ? ';c=message' : ''}${receiver === undefined ? '' : `;a=${receiver}`}`;
      return `${fields};s=${hmac(keys[signing] as string, fields, names, headers).toString('hex')}`;
    },

    verify(carrier, getter) {
      const header = getter.get(carrier, SIGNATURE_HEADER);
      if (header === undefined) return undefined;
      const claim = parse(single(header));
      if (claim === undefined) return refuse('malformed');
      const key = Object.hasOwn(keys, claim.id) ? keys[claim.id] : undefined;
      if (key === undefined) return refuse('unknown key');
      const read = carrierKindOf(getter);
      // The limits for messages apply only to a signature that was made for a message and is received on one.
      const kind = read === claim.kind || read === 'environment' ? read : 'request';
      const current = now();
      const { maxAgeMs } = kind === 'message' ? message : request;
      if (Math.abs(current - claim.time) > maxAgeMs) return refuse('too old or too new');
      const covered = readCovered(claim.names, carrier, getter);
      const expected = hmac(key, claim.fields, claim.names, covered);
      if (!crypto().timingSafeEqual(expected, Buffer.from(claim.digest, 'hex'))) return refuse('wrong');
      if (audience !== undefined && claim.audience !== audience) return refuse('for another audience');
      const seen = memories[kind]?.add(expected, claim.time, current);
      if (seen === 'known') return refuse('replayed');
      if (seen === 'full' && whenFull === 'refuse') return refuse('more than can be remembered');
      return covered;
    },
  };
}

function refuse(reason: string): 'refused' {
  countDropped(NAME, reason);
  return 'refused';
}

function parse(text: string | undefined): Claim | undefined {
  const parts = text === undefined || text.length > MAX_CHARS ? null : PATTERN.exec(text);
  if (parts === null) return undefined;
  const [whole, id = '', time, , names = '', message, audience, digest = ''] = parts;
  return {
    id,
    time: Number(time),
    kind: message === undefined ? 'request' : 'message',
    audience,
    names: names.split(','),
    fields: whole.slice(0, -(digest.length + ';s='.length)),
    digest,
  };
}

/** HTTP servers convert names to lower case, message brokers keep their case. */
function readCovered<C>(names: readonly string[], carrier: C, getter: TextMapGetter<C>): Map<string, string> {
  const covered = new Map<string, string>();
  for (const name of names) {
    const value = joined(getter.get(carrier, name)) ?? joined(getter.get(carrier, name.toLowerCase()));
    if (value !== undefined) covered.set(name, value);
  }
  return covered;
}

/** Each value is preceded by its length, so that two sets of headers never give the same text. */
function hmac(
  key: string,
  fields: string,
  names: readonly string[],
  headers: ReadonlyMap<string, string>,
): Buffer {
  let text = fields;
  for (const name of names) {
    const value = headers.get(name);
    text += value === undefined ? `\n${name}` : `\n${name}:${value.length}:${value}`;
  }
  return crypto().createHmac('sha256', key).update(text).digest();
}

/** Unique within a millisecond, so that two equal requests have different signatures. */
function nonce(): string {
  return crypto().randomUUID().slice(0, 18);
}

function memoryOf({
  maxAgeMs,
  once,
  maxPerSecond,
}: {
  maxAgeMs: number;
  once: boolean;
  maxPerSecond: number;
}) {
  return once ? new ReplayMemory(maxAgeMs, maxPerSecond) : undefined;
}

/** Returns the audience of a host; `undefined` if no audiences are configured. */
function audiencesBy(
  audiences: SignatureOptions['audiences'],
): ((host: string | undefined) => string | undefined) | undefined {
  if (audiences === undefined) return undefined;
  const entries = Object.entries(audiences).map(
    ([pattern, audience]) => ({ pattern, fits: destinationDecider([pattern]), audience }) as const,
  );
  return (host) =>
    entries.find(({ pattern, fits }) => pattern === '*' || (host !== undefined && fits(host, undefined)))
      ?.audience;
}

/** Loaded lazily: as an import it adds 5 ms to the application's start, and most applications sign nothing. */
function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
