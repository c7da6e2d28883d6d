// Written for speed (benchmarks/tracer-micro.mjs): ids are 32-bit words from a pool of random bytes, and become text only
// where it is needed. The plain form is a hexadecimal string for each id.
import { Buffer } from 'node:buffer';
import type { RemoteSpanContext } from '@clew/core/internal';
import { type Anchor, type Clock, monotonicNow } from './clock.ts';
import type { LateTrace } from './late-trace.ts';

/** Generates the ids of new traces and spans, as lowercase hexadecimal. */
export interface IdGenerator {
  /** 32 hexadecimal digits, not all zero. */
  generateTraceId(): string;
  /** 16 hexadecimal digits, not all zero. */
  generateSpanId(): string;
}

const POOL_WORDS = 4096;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let pool: Int32Array | undefined;
let used = POOL_WORDS;

/** Returns 32 random bits as a signed integer (which V8 can store without a heap number). */
export function randomWord(): number {
  if (used === POOL_WORDS) refill();
  return pool![used++]!;
}

function refill(): void {
  pool ??= new Int32Array(POOL_WORDS);
  process.getBuiltinModule('node:crypto').randomFillSync(pool);
  used = 0;
}

/** Formats a word as eight hexadecimal digits. */
export function hexOfWord(word: number): string {
  return HEX[word >>> 24]! + HEX[(word >>> 16) & 255]! + (HEX[(word >>> 8) & 255]! + HEX[word & 255]!);
}

const TEXT = Buffer.from(new Uint8Array(55).buffer);
const TEXT_VIEW = new DataView(TEXT.buffer);
TEXT.write(`00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`);
/** The two hexadecimal digits of each byte, as character codes. */
const DIGITS = Uint16Array.from(HEX, (digits) => (digits.charCodeAt(0) << 8) | digits.charCodeAt(1));

/** Returns a `traceparent` value as one flat string; a concatenated one would be flattened when it is sent. */
export function traceparentOf(trace: LocalTrace, spanHigh: number, spanLow: number, flags: number): string {
  trace.writeDigits(TEXT_VIEW, 3);
  writeDigits(TEXT_VIEW, 36, spanHigh);
  writeDigits(TEXT_VIEW, 44, spanLow);
  TEXT[54] = 48 + (flags & 3);
  return TEXT.toString('latin1');
}

/** Writes eight digits as characters. */
function writeDigits(text: DataView, at: number, word: number): void {
  text.setUint16(at, DIGITS[word >>> 24]!);
  text.setUint16(at + 2, DIGITS[(word >>> 16) & 255]!);
  text.setUint16(at + 4, DIGITS[(word >>> 8) & 255]!);
  text.setUint16(at + 6, DIGITS[word & 255]!);
}

/** Parses eight hexadecimal digits from `at`; `NaN` if any of them is not a digit. */
export function wordOfHex(hex: string, at: number): number {
  let word = 0;
  for (let i = at; i < at + 8; i++) {
    const code = hex.charCodeAt(i);
    const digit =
      code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : upperDigit(code);
    if (digit < 0) return Number.NaN;
    word = (word << 4) | digit;
  }
  return word;
}

function upperDigit(code: number): number {
  return code >= 65 && code <= 70 ? code - 55 : -1;
}

/** Returns a random id with this many digits. */
export function randomHex(digits: 16 | 32): string {
  let hex = '';
  do {
    hex = '';
    while (hex.length < digits) hex += hexOfWord(randomWord());
  } while (!isHexId(hex, digits));
  return hex;
}

/** Whether the value is a hexadecimal id with this many digits, not all zero. */
export function isHexId(hex: unknown, digits: 16 | 32): hex is string {
  if (typeof hex !== 'string' || hex.length !== digits) return false;
  let any = 0;
  for (let at = 0; at < digits; at += 8) {
    const word = wordOfHex(hex, at);
    if (Number.isNaN(word)) return false;
    any |= word;
  }
  return any !== 0;
}

/**
 * The local part of a trace: the trace id and the clock's anchor, shared by every span below one local root.
 * The id is stored as words or as hexadecimal, and converted to the other form lazily.
 */
export class LocalTrace {
  /** Set if the sampler waits for the route or for the end of the local root. */
  late: LateTrace | undefined;
  #hex: string | undefined;
  #clock: Clock;
  #anchor: Anchor | undefined;
  #hasWords: boolean;
  #w0: number;
  #w1: number;
  #w2: number;
  #w3: number;

  /**
   * @param hex 32 valid digits; random if omitted.
   * @param remote the remote parent whose trace is continued; has the same digits as words.
   */
  constructor(clock: Clock, hex?: string, remote?: RemoteSpanContext) {
    this.late = undefined;
    this.#clock = clock;
    this.#hex = hex;
    this.#anchor = undefined;
    this.#hasWords = remote !== undefined;
    this.#w0 = remote === undefined ? 0 : remote.traceIdWord0;
    this.#w1 = remote === undefined ? 0 : remote.traceIdWord1;
    this.#w2 = remote === undefined ? 0 : remote.traceIdWord2;
    this.#w3 = remote === undefined ? 0 : remote.traceIdWord3;
  }

  /** Read lazily: unsampled traces never read the clock. */
  get anchor(): Anchor {
    this.#anchor ??= this.#clock.anchor(monotonicNow());
    return this.#anchor;
  }

  startAt(now: number): void {
    this.#anchor ??= this.#clock.anchor(now);
  }

  get hex(): string {
    if (this.#hex === undefined) {
      this.#ensureWords();
      this.#hex = hexOfWord(this.#w0) + hexOfWord(this.#w1) + (hexOfWord(this.#w2) + hexOfWord(this.#w3));
    }
    return this.#hex;
  }

  /** Writes the id's 16 bytes at `at`. */
  write(view: DataView, at: number): void {
    this.#ensureWords();
    view.setInt32(at, this.#w0);
    view.setInt32(at + 4, this.#w1);
    view.setInt32(at + 8, this.#w2);
    view.setInt32(at + 12, this.#w3);
  }

  /** Writes the id's 32 digits as characters at `at`. */
  writeDigits(text: DataView, at: number): void {
    this.#ensureWords();
    writeDigits(text, at, this.#w0);
    writeDigits(text, at + 8, this.#w1);
    writeDigits(text, at + 16, this.#w2);
    writeDigits(text, at + 24, this.#w3);
  }

  /** The four words combined by XOR, for samplers: evenly distributed over 32 bits. */
  get hash(): number {
    this.#ensureWords();
    return (this.#w0 ^ this.#w1 ^ this.#w2 ^ this.#w3) >>> 0;
  }

  /** The upper 24 of the last 56 bits, which are random. */
  get randomHigh(): number {
    this.#ensureWords();
    return this.#w2 & 0xffffff;
  }

  /** The lower 32 of the last 56 bits, unsigned. */
  get randomLow(): number {
    this.#ensureWords();
    return this.#w3 >>> 0;
  }

  #ensureWords(): void {
    if (this.#hasWords) return;
    this.#hasWords = true;
    const hex = this.#hex;
    if (hex !== undefined) {
      this.#w0 = wordOfHex(hex, 0);
      this.#w1 = wordOfHex(hex, 8);
      this.#w2 = wordOfHex(hex, 16);
      this.#w3 = wordOfHex(hex, 24);
      return;
    }
    this.#w0 = randomWord();
    this.#w1 = randomWord();
    this.#w2 = randomWord();
    this.#w3 = randomWord();
    if ((this.#w0 | this.#w1 | this.#w2 | this.#w3) === 0) this.#w3 = 1;
  }
}
