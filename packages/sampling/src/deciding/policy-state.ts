import { TokenBucket } from './token-bucket.ts';

/** How often a policy applied, since it was first in force. */
export interface PolicyCounters {
  /** Traces that it matched, whatever was decided. */
  readonly matched: number;
  /** Traces kept, of which it was the most restrictive policy. */
  readonly kept: number;
  /** Traces that it dropped. */
  readonly dropped: number;
  /** Traces that it kept at their end, for an error or for their duration. These are not in `kept`. */
  readonly keptLate: number;
}

/** The counters and tokens of a policy, which stay when the set is replaced. */
export class PolicyState {
  readonly counters = { matched: 0, kept: 0, dropped: 0, keptLate: 0 };
  #rate: TokenBucket | undefined;
  #floor: TokenBucket | undefined;

  /** The bucket of `tracesPerSecond`. */
  rate(perSecond: number | undefined): TokenBucket | undefined {
    this.#rate = bucket(this.#rate, perSecond);
    return this.#rate;
  }

  /** The bucket of `atLeastPerSecond`. */
  floor(perSecond: number | undefined): TokenBucket | undefined {
    this.#floor = bucket(this.#floor, perSecond);
    return this.#floor;
  }
}

function bucket(existing: TokenBucket | undefined, perSecond: number | undefined): TokenBucket | undefined {
  if (perSecond === undefined) return undefined;
  if (existing === undefined) return new TokenBucket(perSecond);
  existing.setRate(perSecond);
  return existing;
}

/** The states of policies by id. Those of policies that are no longer in force are forgotten. */
export type PolicyStates = Map<string, PolicyState>;
