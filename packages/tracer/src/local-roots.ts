import {
  DECIDE_LOCAL_ROOT,
  type LocalRoot,
  type LocalRootDecision,
  type LocalRootSampler,
} from '@clew/core/internal';
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type SpanOptions,
  type TraceState,
} from '@opentelemetry/api';
import { textOf } from './foreign-values.ts';
import type { LocalTrace } from './ids.ts';
import { FORGOTTEN, KEPT } from './late-trace.ts';
import { FastSampler } from './samplers.ts';
import type { Sampler, SamplingDecision } from './sdk-interfaces.ts';
import { type Counters, describe } from './stats.ts';

const NOT_RECORDED: LocalRootDecision = { sampled: false, traceState: undefined };
const NO_ATTRIBUTES: Readonly<Attributes> = Object.freeze({});

/** All spans below a local root follow it, without a call of the sampler. */
export class LocalRoots extends FastSampler {
  readonly #sampler: Sampler & LocalRootSampler;
  readonly #counters: Counters;
  /** Reused for speed: the sampler may read it during the call only. */
  readonly #root = new ReusedRoot();
  #isDeciding = false;

  private constructor(sampler: Sampler & LocalRootSampler, counters: Counters) {
    super();
    this.#counters = counters;
    this.#sampler = sampler;
  }

  /** `undefined` for a sampler that decides about each span. */
  static of(sampler: Sampler & Partial<LocalRootSampler>, counters: Counters): LocalRoots | undefined {
    const fits = typeof sampler[DECIDE_LOCAL_ROOT] === 'function';
    return fits ? new LocalRoots(sampler as Sampler & LocalRootSampler, counters) : undefined;
  }

  /** Decides about a span with a parent in this process; -1 for a local root. */
  decide(parentFlags: number, parentIsRemote: boolean, { late }: LocalTrace): SamplingDecision | -1 {
    if (parentIsRemote || parentFlags === -1) return -1;
    if (late === undefined) return (parentFlags & 1) === 1 ? 2 : 0;
    if (late.state === KEPT) return 2;
    return late.state === FORGOTTEN ? 0 : 1;
  }

  /** Decides about a local root. `parentFlags`: -1 without a remote parent, or with one that has not decided. */
  decideRoot(
    name: string,
    options: SpanOptions,
    context: Context,
    parentFlags: number,
    traceState: TraceState | undefined,
    trace: LocalTrace,
  ): LocalRootDecision {
    // The sampler may start a span itself.
    const root = this.#isDeciding ? new ReusedRoot() : this.#root;
    const { kind, attributes } = options;
    root.name = textOf(name);
    root.kind = typeof kind === 'number' && kind >= 0 && kind <= 4 ? kind : 0;
    root.attributes = attributes ?? NO_ATTRIBUTES;
    root.context = options.root === true ? withBaggageOnly(context) : context;
    root.parentFlags = parentFlags;
    root.traceState = traceState;
    root.randomHigh = trace.randomHigh;
    root.randomLow = trace.randomLow;
    this.#isDeciding = true;
    try {
      return this.#sampler[DECIDE_LOCAL_ROOT](root);
    } catch (error) {
      this.#counters.warn(
        'sampler',
        () => `the sampler threw, the trace is not recorded: ${describe(error)}`,
      );
      return NOT_RECORDED;
    } finally {
      this.#isDeciding = false;
      root.context = ROOT_CONTEXT;
      root.attributes = NO_ATTRIBUTES;
    }
  }

  shouldSample(...args: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    return this.#sampler.shouldSample(...args);
  }
}

class ReusedRoot implements LocalRoot {
  name = '';
  kind = 0;
  attributes = NO_ATTRIBUTES;
  context: Context = ROOT_CONTEXT;
  parentFlags = -1;
  traceState: TraceState | undefined = undefined;
  randomHigh = 0;
  randomLow = 0;
}

/** A span with `root: true` has no part in the trace of its context, nor in that trace's signature. */
function withBaggageOnly(context: Context): Context {
  const baggage = propagation.getBaggage(context);
  return baggage === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, baggage);
}
