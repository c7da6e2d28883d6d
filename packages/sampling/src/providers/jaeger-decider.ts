import { originals } from '@clew/core/internal';
import type { Decider, Facts, Verdict } from '../decider.ts';
import { passes, thresholdOf } from '../deciding/threshold.ts';
import { TokenBucket } from '../deciding/token-bucket.ts';
import { JaegerOperations, jaegerVerdict } from './jaeger-operations.ts';
import type { JaegerStrategies } from './jaeger-strategies.ts';
import { DROPPED, isParentless } from './parentless.ts';

/**
 * Decides by Jaeger's strategies. Jaeger knows an operation by the name that its span has at the end: the decision waits
 * for the route if a strategy names a route, such as `GET /orders/:id`.
 */
export class JaegerDecider implements Decider {
  readonly #now: () => number;
  readonly #operations: JaegerOperations | undefined;
  readonly #rate: TokenBucket | undefined;
  readonly #decide: (facts: Facts) => Verdict;

  /**
   * @param previous the decider in force, whose tokens remain
   * @param now milliseconds of a monotonic clock
   */
  constructor(strategies: JaegerStrategies, previous?: JaegerDecider, now = originals.monotonicNow) {
    this.#now = now;
    if (strategies.kind === 'operations') {
      const operations = new JaegerOperations(
        strategies,
        previous === undefined ? undefined : previous.#operations,
      );
      this.#operations = operations;
      this.#decide = (facts) => operations.sampler(operationOf(facts)).decide(facts, now);
    } else if (strategies.kind === 'probabilistic') {
      const threshold = thresholdOf(strategies.rate);
      const drawn = jaegerVerdict('probabilistic', strategies.rate, threshold);
      this.#decide = ({ randomHigh, randomLow }) =>
        passes(randomHigh, randomLow, threshold) ? drawn : DROPPED;
    } else {
      const { tracesPerSecond } = strategies;
      const bucket =
        (previous === undefined ? undefined : previous.#rate) ?? new TokenBucket(tracesPerSecond);
      bucket.setRate(tracesPerSecond);
      this.#rate = bucket;
      const kept = jaegerVerdict('ratelimiting', tracesPerSecond, undefined);
      this.#decide = () => this.#limit(bucket, kept);
    }
  }

  needsRoute(facts: Facts): boolean {
    if (this.#operations === undefined || facts.routeIsFinal || facts.route !== undefined) return false;
    return isParentless(facts) && this.#operations.needsRoute(methodOf(facts.name), facts);
  }

  decide(facts: Facts): Verdict | undefined {
    return isParentless(facts) ? this.#decide(facts) : undefined;
  }

  late(): undefined {
    return undefined;
  }

  #limit(bucket: TokenBucket, kept: Verdict): Verdict {
    if (!bucket.has(this.#now())) return DROPPED;
    bucket.take();
    return kept;
  }
}

/** The name that the local root's span has at the end: `GET /orders/:id` for a span `GET` with a route. */
function operationOf({ name, route }: Facts): string {
  return route === undefined ? name : `${methodOf(name)} ${route}`;
}

/** HTTP spans are named after their method at the start. */
function methodOf(name: string): string {
  const space = name.indexOf(' ');
  return space < 0 ? name : name.slice(0, space);
}
