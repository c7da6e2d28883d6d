const DIGITS = 14;
const BITS_PER_DIGIT = 4;
const SCALE = 2 ** 56;

/**
 * The ratio of a percentage whose threshold is rounded to so many hexadecimal digits, not counting leading `0` and `f`,
 * as OpenTelemetry's collector rounds it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function ratioOfPercentage(percentage: number, precision: number): number {
  const ratio = percentage / 100;
  const digits = precision + Math.max(leadingDigits(ratio), leadingDigits(1 - ratio));
  if (ratio === 1 || digits >= DIGITS) return ratio;
  const unit = 2 ** (BITS_PER_DIGIT * (DIGITS - digits));
  const threshold = SCALE - Math.round(ratio * SCALE);
  return (SCALE - Math.floor((threshold + unit / 2) / unit) * unit) / SCALE;
}

/** The number of hexadecimal digits that are `0` in a fraction in [0, 1]. */
function leadingDigits(fraction: number): number {
  if (fraction === 0) return DIGITS;
  return Math.max(Math.floor((-Math.floor(Math.log2(fraction)) - 1) / BITS_PER_DIGIT), 0);
}
