import { Buffer } from 'node:buffer';
import { isSpanContextValid, type SpanContext, type TraceState } from '@opentelemetry/api';

/** A span context whose ids were generated or validated here, so that they need no further validation. */
export class KnownSpanContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  declare isRemote?: boolean;
  declare traceState?: TraceState;

  /** `traceId` and `spanId`: 32 and 16 lowercase hex digits, neither of them all zero. */
  constructor(traceId: string, spanId: string, traceFlags: number, traceState: TraceState | undefined) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.traceFlags = traceFlags;
    if (traceState !== undefined) this.traceState = traceState;
  }
}

/**
 * A validated parent from the wire. Its ids are also available as 32-bit words, which a tracer can write without parsing
 * digits. Written for speed: not a derived class of `KnownSpanContext`, because V8 creates those more slowly.
 */
export class RemoteSpanContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote = true;
  declare traceState?: TraceState;
  readonly #word0: number;
  readonly #word1: number;
  readonly #word2: number;
  readonly #word3: number;
  readonly #spanWord0: number;
  readonly #spanWord1: number;

  /** `words`: four words of the trace id and two of the span id, most significant first. */
  constructor(traceId: string, spanId: string, traceFlags: number, words: Int32Array) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.traceFlags = traceFlags;
    this.#word0 = words[0]!;
    this.#word1 = words[1]!;
    this.#word2 = words[2]!;
    this.#word3 = words[3]!;
    this.#spanWord0 = words[4]!;
    this.#spanWord1 = words[5]!;
  }

  // Getters and not properties, so that copies and comparisons see only the members of a span context.
  get traceIdWord0(): number {
    return this.#word0;
  }

  get traceIdWord1(): number {
    return this.#word1;
  }

  get traceIdWord2(): number {
    return this.#word2;
  }

  get traceIdWord3(): number {
    return this.#word3;
  }

  get spanIdWord0(): number {
    return this.#spanWord0;
  }

  get spanIdWord1(): number {
    return this.#spanWord1;
  }
}

/** Whether the ids of a span context are valid. */
export function isValid(spanContext: SpanContext | null | undefined): spanContext is SpanContext {
  if (spanContext instanceof RemoteSpanContext || spanContext instanceof KnownSpanContext) return true;
  return spanContext !== null && spanContext !== undefined && isSpanContextValid(spanContext);
}

/** The value of a lowercase hex digit by its byte; -1 for all others. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);
const DASH = 45;
const LENGTH = 55;

/** The bytes and words of the text being read. Written for speed: bytes are read faster than characters. */
const bytes = Buffer.alloc(LENGTH);
const words = new Int32Array(6);

/**
 * Reads the parent of a `traceparent` of any version; `undefined` if it is malformed.
 * Source: https://www.w3.org/TR/trace-context-2/#traceparent-header
 */
export function readTraceparent(text: string, knownFlags: number): RemoteSpanContext | undefined {
  // In UTF-8, no byte of a non-ASCII character looks like a digit.
  if (text.length < LENGTH || bytes.write(text, 'utf8') !== LENGTH) return undefined;
  const version = byteAt(0);
  const flags = byteAt(53);
  if (version < 0 || version === 0xff || flags < 0) return undefined;
  // Version `00` has exactly these fields; a later version may add fields after a dash.
  if (text.length > LENGTH && (version === 0 || text.charCodeAt(LENGTH) !== DASH)) return undefined;
  if (bytes[2] !== DASH || bytes[35] !== DASH || bytes[52] !== DASH) return undefined;
  let all = readWord(0, 3) | readWord(1, 11) | readWord(2, 19) | readWord(3, 27);
  all |= readWord(4, 36) | readWord(5, 44);
  if (all < 0) return undefined;
  if ((words[0]! | words[1]! | words[2]! | words[3]!) === 0 || (words[4]! | words[5]!) === 0)
    return undefined;
  return new RemoteSpanContext(text.slice(3, 35), text.slice(36, 52), flags & knownFlags, words);
}

/** Reads eight digits; negative if one of them is not a digit. */
function readWord(index: number, from: number): number {
  let all = 0;
  let word = 0;
  for (let at = from; at < from + 8; at++) {
    const digit = DIGITS[bytes[at]!]!;
    all |= digit;
    word = (word << 4) | digit;
  }
  words[index] = word;
  return all;
}

/** Reads two digits; negative if one of them is not a digit. */
function byteAt(at: number): number {
  return (DIGITS[bytes[at]!]! << 4) | DIGITS[bytes[at + 1]!]!;
}
