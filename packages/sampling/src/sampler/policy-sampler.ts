import {
  DECIDE_LOCAL_ROOT,
  type LocalRoot,
  type LocalRootDecision,
  type LocalRootSampler,
  reportFailure,
} from '@clew/core/internal';
import {
  type Attributes,
  type Context,
  diag,
  isSpanContextValid,
  type Link,
  type SpanKind,
  TraceFlags,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { LocalRootFacts } from './local-root-facts.ts';
import { randomnessOf } from './ot-trace-state.ts';
import { Precedence } from './precedence.ts';
import { RuleSets, type RulesInForce } from './rule-sets.ts';
import { checkOptions, type PolicySamplerOptions } from './sampler-options.ts';
import type { SamplerStats } from './sampler-stats.ts';

const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;
const NO_PARENT = -1;

/** The result of OpenTelemetry's `Sampler`. */
export interface PolicySamplingResult {
  /** Not recorded, or recorded and sampled. */
  readonly decision: 0 | 2;
  readonly attributes?: Attributes;
  readonly traceState?: TraceState;
}

/**
 * Samples by policies that change while the application runs. It decides once for each local root, and local children
 * follow.
 *
 * It is OpenTelemetry's `Sampler`, so it works with any SDK. Policies that name a route or keep errors and slow traces
 * need Clew's tracer: with another one, they are ignored, which is logged once.
 *
 * @example
 * const sampler = new PolicySampler({
 *   policies: [{ id: 'health', match: { path: '/health' }, keep: { never: true } }],
 * });
 */
export class PolicySampler implements LocalRootSampler {
  readonly #rules: RuleSets;
  readonly #steps: Precedence;
  readonly #facts = new LocalRootFacts();
  #warned = false;

  /** Starts the providers. Throws a TypeError for an invalid option, and a `PolicyError` for an invalid policy. */
  constructor(options: PolicySamplerOptions = {}) {
    const checked = checkOptions(options);
    this.#rules = new RuleSets(checked.policies, checked.providers, checked.resource);
    this.#steps = new Precedence(checked, this.#rules);
    this.#rules.start();
  }

  /** Called by Clew's tracer. */
  [DECIDE_LOCAL_ROOT](root: LocalRoot): LocalRootDecision {
    return this.#decide(root, true);
  }

  /** Called by other tracers for each span. */
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    _links: readonly Link[],
  ): PolicySamplingResult {
    const found = trace.getSpanContext(context);
    const parent = found !== undefined && isSpanContextValid(found) ? found : undefined;
    if (parent !== undefined && parent.isRemote !== true) {
      return resultOf((parent.traceFlags & TraceFlags.SAMPLED) !== 0, parent.traceState);
    }
    const root: LocalRoot = {
      name: spanName,
      kind: spanKind,
      attributes,
      context,
      parentFlags: parent?.traceFlags ?? NO_PARENT,
      traceState: parent?.traceState,
      ...randomnessOf(traceId),
    };
    this.#warnOnce();
    const { sampled, traceState, attributes: added } = this.#decide(root, false);
    return resultOf(sampled, traceState, added);
  }

  /** The policies in force, with their providers and counters. */
  policies(): RulesInForce {
    return this.#rules.inForce();
  }

  /** Counters since the sampler was created. */
  stats(): SamplerStats {
    return {
      ...this.#steps.counters.snapshot(),
      byPolicy: this.#rules.counters(),
      providers: this.#rules.providerStats(),
    };
  }

  /** Stops the providers. The last policies stay in force. */
  shutdown(): void {
    this.#rules.stop();
  }

  toString(): string {
    return `PolicySampler{${this.#rules.describe()}}`;
  }

  #decide(root: LocalRoot, canWait: boolean): LocalRootDecision {
    try {
      this.#facts.fill(root);
      return this.#steps.atStart(this.#facts, root.traceState, canWait);
    } catch (fault) {
      return failOpen(root, fault);
    } finally {
      this.#facts.clear();
    }
  }

  #warnOnce(): void {
    const { namesRoutes, isLate } = this.#rules.policies;
    if (this.#warned || !(namesRoutes || isLate || this.#steps.defaultIsLate)) return;
    this.#warned = true;
    diag.warn(
      "@clew/sampling: only Clew's tracer waits for the route or the end of a request: policies with a route, and the conditions onError and slowerThanMs, are ignored",
    );
  }
}

/** A fault of the sampler must not lose traces: the parent's decision is followed, and new traces are kept. */
function failOpen({ parentFlags, traceState }: LocalRoot, fault: unknown): LocalRootDecision {
  reportFailure('sampling', fault);
  const sampled = parentFlags === NO_PARENT || (parentFlags & TraceFlags.SAMPLED) !== 0;
  return { sampled, traceState };
}

function resultOf(
  sampled: boolean,
  traceState: TraceState | undefined,
  attributes?: Readonly<Attributes>,
): PolicySamplingResult {
  return {
    decision: sampled ? RECORD_AND_SAMPLED : NOT_RECORD,
    ...(attributes !== undefined && { attributes }),
    ...(traceState !== undefined && { traceState }),
  };
}
