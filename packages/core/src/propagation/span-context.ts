import { isSpanContextValid, type SpanContext, type TraceState } from '@opentelemetry/api';

/** A span context whose ids were made or checked here: nobody needs to look at them again. */
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

/** A parent from the wire. Its ids are there as 32-bit words, too: a tracer writes them without reading digits. */
export class RemoteSpanContext extends KnownSpanContext {
  readonly #word0: number;
  readonly #word1: number;
  readonly #word2: number;
  readonly #word3: number;
  readonly #spanWord0: number;
  readonly #spanWord1: number;

  /** `words`: four of the trace id, two of the span id, the highest first. */
  constructor(traceId: string, spanId: string, traceFlags: number, words: Int32Array) {
    super(traceId, spanId, traceFlags, undefined);
    this.isRemote = true;
    this.#word0 = words[0]!;
    this.#word1 = words[1]!;
    this.#word2 = words[2]!;
    this.#word3 = words[3]!;
    this.#spanWord0 = words[4]!;
    this.#spanWord1 = words[5]!;
  }

  // Not properties: what is copied or compared is the span context alone.
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
export function isValid(spanContext: SpanContext): boolean {
  return spanContext instanceof KnownSpanContext || isSpanContextValid(spanContext);
}

/** The value of a lowercase hex digit by its character; -1 for all others. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);
const DASH = 45;

/** The words that were read last. */
const words = new Int32Array(6);

/**
 * Reads the parent of a `traceparent` of any version; `undefined` where it is malformed.
 * Source: https://www.w3.org/TR/trace-context-2/#traceparent-header
 */
export function readTraceparent(text: string, knownFlags: number): RemoteSpanContext | undefined {
  const version = digitsAt(text, 0);
  const flags = digitsAt(text, 53);
  if (version < 0 || version === 0xff || flags < 0) return undefined;
  // Version `00` has exactly these fields; a later one may add some after a dash.
  if (text.length > 55 && (version === 0 || text.charCodeAt(55) !== DASH)) return undefined;
  if (text.charCodeAt(2) !== DASH || text.charCodeAt(35) !== DASH || text.charCodeAt(52) !== DASH)
    return undefined;
  if ((readWords(text, 3, 0, 4) | readWords(text, 36, 4, 6)) < 0) return undefined;
  if ((words[0]! | words[1]! | words[2]! | words[3]!) === 0 || (words[4]! | words[5]!) === 0)
    return undefined;
  return new RemoteSpanContext(text.slice(3, 35), text.slice(36, 52), flags & knownFlags, words);
}

/** Reads words of eight digits each; negative when one of these is none. */
function readWords(text: string, from: number, first: number, end: number): number {
  let all = 0;
  let at = from;
  for (let i = first; i < end; i++) {
    let word = 0;
    for (const next = at + 8; at < next; at++) {
      const digit = digitAt(text, at);
      all |= digit;
      word = (word << 4) | digit;
    }
    words[i] = word;
  }
  return all;
}

/** Two digits; negative when one of them is none. */
function digitsAt(text: string, at: number): number {
  return (digitAt(text, at) << 4) | digitAt(text, at + 1);
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  // Beyond the end it is NaN.
  return code < 128 ? DIGITS[code]! : -1;
}
