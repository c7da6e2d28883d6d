/** The sampled root spans of one operation in one interval. */
export interface Observation {
  /** The length of the interval. */
  readonly seconds: number;
  /** Spans that were sampled with a probability. */
  readonly sampled: number;
  /** The estimated number of all root spans, sampled or not: the sum of 1/probability over the sampled ones. */
  readonly estimate: number;
  /** The variance of this estimate: the sum of 1/probability². */
  readonly variance: number;
  /** The highest probability that a span of the interval was decided with; `undefined` without a span. */
  readonly inUse: number | undefined;
}

/** The limits of a calculated probability. */
export interface ProbabilityBounds {
  /** The target: sampled traces a second of an operation, over all processes. */
  readonly tracesPerSecond: number;
  readonly minProbability: number;
}

/** How many intervals the calculation looks back at most. */
export const MAX_OBSERVATIONS = 10;

/** With fewer sampled spans, the estimate is too rough for more than doubling the probability. */
const ENOUGH_SPANS = 20;

/** Standard deviations between two estimates beyond which the load has changed. */
const CHANGED = 2;

/**
 * Calculates the probability at which an operation reaches its target, from its last intervals (the newest first) and
 * the probability that applies now. Differs from Jaeger's calculation in two ways:
 *
 * - Each span states the probability that it was sampled with, so the load is known even while processes still use
 *   different probabilities. Jaeger waits two minutes for all processes to use the latest one.
 * - It averages over as many intervals as show the same load. After a step, it uses only those since the step.
 *
 * As in Jaeger, the probability falls at once but at most doubles in an interval as long as few spans support it.
 * https://www.jaegertracing.io/docs/latest/architecture/sampling/#adaptive-sampling
 */
export function adaptiveProbability(
  observations: readonly Observation[],
  current: number,
  { tracesPerSecond, minProbability }: ProbabilityBounds,
): number {
  const steady = sinceLastStep(observations);
  const inUse = observations.find((each) => each.inUse !== undefined)?.inUse ?? current;
  const limit = (probability: number) => Math.min(1, Math.max(minProbability, probability));
  if (steady.estimate === 0) {
    // Spans of the lower bound show that there are requests, and that processes use the latest probability.
    return observations[0]?.inUse === undefined ? current : limit(Math.max(current, 2 * inUse));
  }
  const wanted = (tracesPerSecond * steady.seconds) / steady.estimate;
  return limit(steady.sampled < ENOUGH_SPANS ? Math.min(wanted, 2 * inUse) : wanted);
}

/** The sum of the newest observations until one whose rate differs by more than chance explains. */
function sinceLastStep(observations: readonly Observation[]): Omit<Observation, 'inUse'> {
  let sum = { seconds: 0, sampled: 0, estimate: 0, variance: 0 };
  for (const each of observations) {
    if (sum.seconds > 0) {
      const difference = Math.abs(each.estimate / each.seconds - sum.estimate / sum.seconds);
      const variance = each.variance / each.seconds ** 2 + sum.variance / sum.seconds ** 2;
      if (difference > CHANGED * Math.sqrt(variance)) break;
    }
    sum = {
      seconds: sum.seconds + each.seconds,
      sampled: sum.sampled + each.sampled,
      estimate: sum.estimate + each.estimate,
      variance: sum.variance + each.variance,
    };
  }
  return sum;
}
