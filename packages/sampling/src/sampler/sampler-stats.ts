import type { ProviderStats } from '../decider.ts';
import type { PolicyCounters } from '../deciding/policy-state.ts';

/** How often a step of the precedence decided. */
export interface StepCounters {
  readonly kept: number;
  readonly dropped: number;
}

/** Counters of a sampler, since it was created. */
export interface SamplerStats {
  /** Requested traces; those over the limit were left to the next step. */
  readonly requested: { readonly kept: number; readonly overLimit: number };
  readonly policies: StepCounters;
  readonly parent: StepCounters;
  /** The default, and providers whose rules are not policies. */
  readonly default: StepCounters;
  /** Traces that were dropped first, and kept at their end. */
  readonly late: { readonly error: number; readonly slow: number };
  /** By policy id. */
  readonly byPolicy: Readonly<Record<string, PolicyCounters>>;
  /** By the provider's name. */
  readonly providers: Readonly<Record<string, ProviderStats>>;
}

/** The counters that the sampler changes. */
export class SamplerCounters {
  readonly requested = { kept: 0, overLimit: 0 };
  readonly policies = { kept: 0, dropped: 0 };
  readonly parent = { kept: 0, dropped: 0 };
  readonly default = { kept: 0, dropped: 0 };
  readonly late = { error: 0, slow: 0 };

  snapshot(): Omit<SamplerStats, 'byPolicy' | 'providers'> {
    return {
      requested: { ...this.requested },
      policies: { ...this.policies },
      parent: { ...this.parent },
      default: { ...this.default },
      late: { ...this.late },
    };
  }
}
