import type { Threshold } from '../decider.ts';

const DIGITS = 14;
const MAX = 1n << 56n;
const LOW_BITS = 32n;

/**
 * The rejection threshold of a ratio in [0, 1]: 2^56 less the number of the random values that are kept. With all of its
 * significant digits in `th`, as OpenTelemetry's composite sampler writes it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function thresholdOf(ratio: number): Threshold {
  const threshold = MAX - BigInt(Math.round(ratio * 2 ** 56));
  const digits = threshold.toString(16).padStart(DIGITS, '0').replace(/0+$/, '');
  return {
    high: Number(threshold >> LOW_BITS),
    low: Number(threshold & ((1n << LOW_BITS) - 1n)),
    text: digits === '' ? '0' : digits,
  };
}

/** Whether the random value of a trace is kept: it is at least the threshold. */
export function passes(randomHigh: number, randomLow: number, { high, low }: Threshold): boolean {
  return randomHigh > high || (randomHigh === high && randomLow >= low);
}

/** Positive if the first threshold keeps fewer traces than the second. */
export function compareThresholds(a: Threshold, b: Threshold): number {
  return a.high - b.high || a.low - b.low;
}
