// The only file that reads Node's replaceable globals: once, when Clew is loaded, and from Node's own modules where
// possible. So fake timers in a test, a DOM's globals in place of Node's, and an application that deletes or replaces a
// global don't affect tracing. `biome.json` forbids those globals elsewhere.
import { performance } from 'node:perf_hooks';
import timers from 'node:timers';
import { runInNewContext } from 'node:vm';

/** Node's own timers, which don't wait for a test's fake clock. */
export const { setTimeout, clearTimeout, setImmediate } = timers;

/** Milliseconds of a monotonic clock since the process started. */
export const monotonicNow: () => number = performance.now.bind(performance);

/** Milliseconds since the Unix epoch at which {@link monotonicNow} was 0. */
export const monotonicOriginMs: number = performance.timeOrigin;

const date = originalDate();

/** Milliseconds since the Unix epoch. */
export const wallNow: () => number = date.now;

/** An instant in milliseconds since the Unix epoch as text: `2026-11-22T12:06:14.536Z`. */
export const isoTime = (epochMs: number): string => new date(epochMs).toISOString();

/** Milliseconds since the Unix epoch of a date in text; `NaN` for any other text. */
export const parseDate: (text: string) => number = date.parse;

/** A test environment may have replaced `Date` before it loaded Clew: then another realm has the original. */
function originalDate(): DateConstructor {
  const isNative = Function.prototype.toString.call(Date).includes('[native code]');
  return isNative ? Date : (runInNewContext('Date') as DateConstructor);
}
