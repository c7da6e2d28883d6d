import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  type SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { expectOption } from './expect-option.ts';
import type { LocalTrace } from './ids.ts';
import type { Sampler, SamplingDecision, SamplingResult } from './sdk-interfaces.ts';

const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;
const RESULTS: readonly SamplingResult[] = [{ decision: 0 }, { decision: 1 }, { decision: 2 }];

/** The samplers of `parentBased`: one for spans without a parent, four for spans with one. */
export interface ParentBasedOptions {
  /** Decides about spans without a parent. */
  readonly root: Sampler;
  /** Default `alwaysOn()`. */
  readonly remoteParentSampled?: Sampler;
  /** Default `alwaysOff()`. */
  readonly remoteParentNotSampled?: Sampler;
  /** Default `alwaysOn()`. */
  readonly localParentSampled?: Sampler;
  /** Default `alwaysOff()`. */
  readonly localParentNotSampled?: Sampler;
}

/**
 * A built-in sampler, which decides without a trace id string and without allocating a result.
 * `parentFlags` is -1 for a span without a parent. Returns -1 if `shouldSample` must be called.
 */
export abstract class FastSampler implements Sampler {
  abstract decide(parentFlags: number, parentIsRemote: boolean, trace: LocalTrace): SamplingDecision | -1;
  abstract shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
}

class Always extends FastSampler {
  readonly #decision: SamplingDecision;

  constructor(decision: SamplingDecision) {
    super();
    this.#decision = decision;
  }

  decide(): SamplingDecision {
    return this.#decision;
  }

  shouldSample(): SamplingResult {
    return RESULTS[this.#decision]!;
  }

  override toString(): string {
    return this.#decision === RECORD_AND_SAMPLED ? 'AlwaysOnSampler' : 'AlwaysOffSampler';
  }
}

class TraceIdRatioBased extends FastSampler {
  readonly #ratio: number;
  readonly #bound: number;

  constructor(ratio: number) {
    super();
    this.#ratio = ratio;
    this.#bound = ratio === 1 ? 4294967296 : Math.floor(ratio * 4294967295);
  }

  decide(_parentFlags: number, _parentIsRemote: boolean, localTrace: LocalTrace): SamplingDecision {
    return localTrace.hash < this.#bound ? RECORD_AND_SAMPLED : NOT_RECORD;
  }

  shouldSample(_context: Context, traceId: string): SamplingResult {
    let hash = 0;
    for (let at = 0; at < 32; at += 8) hash ^= Number.parseInt(traceId.slice(at, at + 8), 16);
    return RESULTS[hash >>> 0 < this.#bound ? RECORD_AND_SAMPLED : NOT_RECORD]!;
  }

  override toString(): string {
    return `TraceIdRatioBased{${this.#ratio}}`;
  }
}

type ParentBasedSamplers<S> = { readonly [Name in keyof ParentBasedOptions]-?: S };

class ParentBased extends FastSampler {
  readonly #samplers: ParentBasedSamplers<Sampler>;
  /** The built-in ones among them, which decide without `shouldSample`. */
  readonly #fast: ParentBasedSamplers<FastSampler | undefined>;

  constructor(options: ParentBasedOptions) {
    super();
    this.#samplers = {
      root: options.root,
      remoteParentSampled: options.remoteParentSampled ?? alwaysOn(),
      remoteParentNotSampled: options.remoteParentNotSampled ?? alwaysOff(),
      localParentSampled: options.localParentSampled ?? alwaysOn(),
      localParentNotSampled: options.localParentNotSampled ?? alwaysOff(),
    };
    this.#fast = {
      root: asFast(this.#samplers.root),
      remoteParentSampled: asFast(this.#samplers.remoteParentSampled),
      remoteParentNotSampled: asFast(this.#samplers.remoteParentNotSampled),
      localParentSampled: asFast(this.#samplers.localParentSampled),
      localParentNotSampled: asFast(this.#samplers.localParentNotSampled),
    };
  }

  decide(parentFlags: number, parentIsRemote: boolean, localTrace: LocalTrace): SamplingDecision | -1 {
    const delegate = delegateFor(this.#fast, parentFlags, parentIsRemote);
    return delegate === undefined ? -1 : delegate.decide(parentFlags, parentIsRemote, localTrace);
  }

  shouldSample(...args: Parameters<Sampler['shouldSample']>): SamplingResult {
    const parent = trace.getSpanContext(args[0]);
    const valid = parent !== undefined && isSpanContextValid(parent);
    const flags = valid ? parent.traceFlags : -1;
    return delegateFor(this.#samplers, flags, parent?.isRemote === true).shouldSample(...args);
  }

  override toString(): string {
    const { root, remoteParentSampled, remoteParentNotSampled, localParentSampled, localParentNotSampled } =
      this.#samplers;
    return `ParentBased{root=${root}, remoteParentSampled=${remoteParentSampled}, remoteParentNotSampled=${remoteParentNotSampled}, localParentSampled=${localParentSampled}, localParentNotSampled=${localParentNotSampled}}`;
  }
}

function asFast(sampler: Sampler): FastSampler | undefined {
  return sampler instanceof FastSampler ? sampler : undefined;
}

/** Returns the one of the five samplers that decides. */
function delegateFor<S>(samplers: ParentBasedSamplers<S>, parentFlags: number, parentIsRemote: boolean): S {
  if (parentFlags === -1) return samplers.root;
  const sampled = (parentFlags & TraceFlags.SAMPLED) !== 0;
  if (parentIsRemote) return sampled ? samplers.remoteParentSampled : samplers.remoteParentNotSampled;
  return sampled ? samplers.localParentSampled : samplers.localParentNotSampled;
}

const on = new Always(RECORD_AND_SAMPLED);
const off = new Always(NOT_RECORD);

/** Samples every span. */
export function alwaysOn(): Sampler {
  return on;
}

/** Samples no span. */
export function alwaysOff(): Sampler {
  return off;
}

/**
 * Samples a share of the traces: the same ones as OpenTelemetry's JavaScript sampler with this name.
 *
 * @param ratio share of the traces, in [0, 1]; throws for any other value.
 */
export function traceIdRatioBased(ratio: number): Sampler {
  expectOption(typeof ratio === 'number' && ratio >= 0 && ratio <= 1, 'ratio', 'in [0, 1]', ratio);
  return new TraceIdRatioBased(ratio);
}

/**
 * Follows the parent's decision; `root` decides if there is no parent.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#parentbased
 */
export function parentBased(options: ParentBasedOptions): Sampler {
  for (const [name, sampler] of Object.entries(options)) expectSampler(sampler, name);
  expectSampler(options.root, 'root');
  return new ParentBased(options);
}

/** Throws unless the value is a sampler. */
export function expectSampler(value: unknown, name: string): void {
  const fits = typeof (value as Sampler | undefined)?.shouldSample === 'function';
  expectOption(fits, name, 'to be a Sampler', value);
}
