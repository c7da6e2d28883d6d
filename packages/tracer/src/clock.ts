import { types } from 'node:util';
import { originals } from '@clew/core/internal';
import type { HrTime, TimeInput } from '@opentelemetry/api';
import { attempt } from './foreign-values.ts';

/** The Unix time at which the monotonic clock was zero, in milliseconds and as the two halves of nanoseconds. */
export interface Anchor {
  readonly unixMs: number;
  readonly high: number;
  readonly low: number;
}

/** The clocks to read; tests pass their own. */
export interface TimeSources {
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Milliseconds since the Unix epoch. */
  wall(): number;
}

const TWO_32 = 4294967296;
const CHECK_EVERY_MS = 100;
/** `Date.now()` has whole milliseconds: a smaller difference is not drift. */
const DRIFT_MS = 2.5;

/** Monotonic milliseconds since the process started. */
export const { monotonicNow } = originals;
const processSources: TimeSources = { now: monotonicNow, wall: originals.wallNow };

/**
 * A monotonic clock, anchored to the wall clock. A local trace keeps its first anchor, so that times within it
 * never go backwards; new traces get a new anchor after the wall clock has moved (suspend, NTP step).
 */
export class Clock {
  readonly #sources: TimeSources;
  #anchor: Anchor;
  #checkedAt: number;

  constructor(sources: TimeSources = processSources, originMs?: number) {
    this.#sources = sources;
    const now = sources.now();
    const origin =
      originMs ?? (sources === processSources ? originals.monotonicOriginMs : sources.wall() - now);
    this.#anchor = anchorAt(origin);
    this.#checkedAt = now;
    this.#check(now);
  }

  /** Returns the anchor for a local trace that starts at `now`. */
  anchor(now: number): Anchor {
    if (now - this.#checkedAt > CHECK_EVERY_MS) this.#check(now);
    return this.#anchor;
  }

  now(): number {
    return this.#sources.now();
  }

  #check(now: number): void {
    this.#checkedAt = now;
    const middleOfWallMs = this.#sources.wall() + 0.5;
    if (Math.abs(middleOfWallMs - now - this.#anchor.unixMs) > DRIFT_MS) {
      this.#anchor = anchorAt(middleOfWallMs - now);
    }
  }
}

function anchorAt(unixMs: number): Anchor {
  const [high, low] = splitNanos(hrTimeOfUnixMs(unixMs));
  return { unixMs, high, low };
}

/** Splits a time into the high and low 32 bits of its nanoseconds since the Unix epoch. */
export function splitNanos(time: HrTime): [high: number, low: number] {
  // seconds * 1e9 does not fit into a double: multiply the upper part and the lower 16 bits separately.
  const upper = Math.floor(time[0] / 65536);
  const upperNanos = upper * 1e9;
  const rest = (upperNanos % 65536) * 65536 + (time[0] - upper * 65536) * 1e9 + time[1];
  const carry = Math.floor(rest / TWO_32);
  return [Math.floor(upperNanos / 65536) + carry, rest - carry * TWO_32];
}

/** Converts a reading of the monotonic clock to a Unix time. */
export function hrTimeAt(anchor: Anchor, nowMs: number): HrTime {
  const base = hrTimeOfUnixMs(anchor.unixMs);
  const nanos = base[1] + Math.round(nowMs * 1e6);
  const carry = Math.floor(nanos / 1e9);
  return [base[0] + carry, nanos - carry * 1e9];
}

/** Converts any of the API's time formats to seconds and nanoseconds; `undefined` for anything else. */
export function hrTimeOf(input: TimeInput | undefined, anchor: Anchor, nowMs: number): HrTime | undefined {
  if (typeof input === 'number') {
    if (!Number.isFinite(input)) return undefined;
    // A number up to the monotonic clock's reading is one of performance.now(), as in OpenTelemetry's SDK.
    return input <= nowMs ? hrTimeAt(anchor, input) : hrTimeOfUnixMs(input);
  }
  // A proxy of the application may throw: it is not a valid time.
  return attempt(() => {
    if (types.isDate(input)) {
      const unixMs = input.getTime();
      return Number.isNaN(unixMs) ? undefined : hrTimeOfUnixMs(unixMs);
    }
    return isHrTime(input)
      ? [Math.max(0, Math.trunc(input[0])), Math.max(0, Math.round(input[1]))]
      : undefined;
  });
}

/** Whether the value has one of the API's time formats. */
export function isTimeInput(value: unknown): value is TimeInput {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null) return false;
  return attempt(() => types.isDate(value) || isHrTime(value)) === true;
}

function isHrTime(value: unknown): value is HrTime {
  return Array.isArray(value) && value.length === 2 && Number.isFinite(value[0]) && Number.isFinite(value[1]);
}

function hrTimeOfUnixMs(unixMs: number): HrTime {
  const seconds = Math.floor(unixMs / 1000);
  const nanos = Math.round((unixMs - seconds * 1000) * 1e6);
  return nanos === 1e9 ? [seconds + 1, 0] : [seconds, nanos];
}

/** `end - start`, at least zero. */
export function durationBetween(start: HrTime, end: HrTime): HrTime {
  let seconds = end[0] - start[0];
  let nanos = end[1] - start[1];
  if (nanos < 0) {
    seconds -= 1;
    nanos += 1e9;
  }
  return seconds < 0 ? [0, 0] : [seconds, nanos];
}
