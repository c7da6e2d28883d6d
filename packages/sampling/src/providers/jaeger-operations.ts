import type { Facts, Threshold, Verdict } from '../decider.ts';
import { passes, thresholdOf } from '../deciding/threshold.ts';
import { TokenBucket } from '../deciding/token-bucket.ts';
import type { JaegerOperationStrategies } from './jaeger-strategies.ts';
import { DROPPED } from './parentless.ts';

/** Unlisted operations with bounds of their own. All others share theirs. */
const MAX_UNLISTED = 256;
/** The key of the operations beyond {@link MAX_UNLISTED}: no span has an empty name. */
const OTHERS = '';

/** Attributes by which Jaeger's backend counts a root span for adaptive sampling. */
export function jaegerVerdict(type: string, param: number, threshold: Threshold | undefined): Verdict {
  return { sampled: true, threshold, attributes: { 'sampler.type': type, 'sampler.param': param } };
}

/** The sampler of one operation: a probability between two rates. */
export class JaegerOperation {
  readonly threshold: Threshold;
  readonly #drawn: Verdict;
  readonly #lifted: Verdict;
  readonly #lower: TokenBucket | undefined;
  readonly #upper: TokenBucket | undefined;

  /** @param previous the sampler of this operation until now, whose tokens remain */
  constructor(rate: number, strategies: JaegerOperationStrategies, previous: JaegerOperation | undefined) {
    const { lowerBound, upperBound } = strategies;
    this.threshold = thresholdOf(rate);
    this.#lower = bucketOf(lowerBound, previous === undefined ? undefined : previous.#lower);
    this.#upper = bucketOf(upperBound, previous === undefined ? undefined : previous.#upper);
    // An upper bound makes the probability unknown. Both verdicts have the probability as their parameter, by which the
    // backend recognizes that its last calculation is in use.
    this.#drawn = jaegerVerdict('probabilistic', rate, upperBound > 0 ? undefined : this.threshold);
    this.#lifted = jaegerVerdict('lowerbound', rate, undefined);
  }

  decide({ randomHigh, randomLow }: Facts, now: () => number): Verdict {
    const isDrawn = passes(randomHigh, randomLow, this.threshold);
    const lower = this.#lower;
    const upper = this.#upper;
    if (lower === undefined && upper === undefined) return isDrawn ? this.#drawn : DROPPED;
    const nowMs = now();
    const hasLower = lower?.has(nowMs) === true;
    if ((!isDrawn && !hasLower) || upper?.has(nowMs) === false) return DROPPED;
    // A trace that the probability keeps counts towards the lower bound as well.
    if (hasLower) lower.take();
    upper?.take();
    return isDrawn ? this.#drawn : this.#lifted;
  }
}

/** The samplers of all operations. */
export class JaegerOperations {
  readonly #strategies: JaegerOperationStrategies;
  readonly #samplers = new Map<string, JaegerOperation>();
  /** For each method of listed routes such as `GET /orders/:id`: the highest probability of its routes. */
  readonly #routed = new Map<string, Threshold>();
  #unlisted = 0;

  /** @param previous the samplers until now, whose tokens remain */
  constructor(strategies: JaegerOperationStrategies, previous: JaegerOperations | undefined) {
    this.#strategies = strategies;
    const { rates, defaultRate } = strategies;
    const before = previous === undefined ? new Map<string, JaegerOperation>() : previous.#samplers;
    for (const [operation, rate] of rates) this.#add(operation, rate, before.get(operation));
    for (const [operation, sampler] of before) {
      if (!rates.has(operation) && this.#unlisted < MAX_UNLISTED) this.#track(operation, sampler);
    }
    const highest = new Map<string, number>();
    for (const [operation, rate] of rates) {
      const method = routedMethod(operation);
      if (method === undefined) continue;
      const withoutRoute = rates.get(method) ?? 0;
      highest.set(method, Math.max(rate, withoutRoute, defaultRate, highest.get(method) ?? 0));
    }
    for (const [method, rate] of highest) this.#routed.set(method, thresholdOf(rate));
  }

  sampler(operation: string): JaegerOperation {
    return (
      this.#samplers.get(operation) ??
      this.#track(this.#unlisted < MAX_UNLISTED ? operation : OTHERS, undefined)
    );
  }

  /** Whether the decision may depend on the route of a request with this method. */
  needsRoute(method: string, { randomHigh, randomLow }: Facts): boolean {
    const threshold = this.#routed.get(method);
    if (threshold === undefined) return false;
    // What the highest probability drops, all routes drop, unless they have a lower bound.
    return this.#strategies.lowerBound > 0 || passes(randomHigh, randomLow, threshold);
  }

  #track(operation: string, previous: JaegerOperation | undefined): JaegerOperation {
    const known = this.#samplers.get(operation);
    if (known !== undefined) return known;
    if (operation !== OTHERS) this.#unlisted++;
    return this.#add(operation, this.#strategies.defaultRate, previous);
  }

  #add(operation: string, rate: number, previous: JaegerOperation | undefined): JaegerOperation {
    const sampler = new JaegerOperation(rate, this.#strategies, previous);
    this.#samplers.set(operation, sampler);
    return sampler;
  }
}

/** The method of an operation with a route, such as `GET /orders/:id`; `undefined` for any other name. */
function routedMethod(operation: string): string | undefined {
  const space = operation.indexOf(' ');
  const method = operation.slice(0, Math.max(0, space));
  return /^[A-Z]{1,16}$/.test(method) ? method : undefined;
}

function bucketOf(perSecond: number, previous: TokenBucket | undefined): TokenBucket | undefined {
  if (perSecond === 0) return undefined;
  previous?.setRate(perSecond);
  return previous ?? new TokenBucket(perSecond);
}
