// Written for speed (benchmarks/tracer-micro.mjs): `#start` handles the common case alone, so that the engine can inline
// it. The plain form is `#startSlow`, which handles all cases.
import {
  type Incoming,
  incomingOf,
  isMarkedDebug,
  isTracingSuppressed,
  isValid,
  type LocalRootDecision,
  RemoteSpanContext,
} from '@clew/core/internal';
import {
  type Tracer as ApiTracer,
  type Context,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { callSampler, decisiveFlags } from './call-sampler.ts';
import { hrTimeOf, monotonicNow } from './clock.ts';
import { contextOfSpan, textOf } from './foreign-values.ts';
import { LocalTrace } from './ids.ts';
import { LocalRoots } from './local-roots.ts';
import { NonRecordingSpan } from './non-recording-span.ts';
import type { Recorder } from './recorder.ts';
import { RecordingSpan } from './recording-span.ts';
import { FastSampler } from './samplers.ts';
import type { Sampler, SamplingDecision, SamplingResult } from './sdk-interfaces.ts';
import { describe } from './stats.ts';

const NO_OPTIONS: SpanOptions = {};
const SAMPLED = 1;
/** W3C Trace Context level 2: the trace id is random. */
const RANDOM = 2;

/** Shared by a provider's tracers: whether the provider has been shut down. */
export interface ProviderState {
  closed: boolean;
}

/** The API's `Tracer`: makes the sampling decision and starts the span. */
export class Tracer implements ApiTracer {
  readonly #recorder: Recorder;
  readonly #sampler: Sampler;
  readonly #fastSampler: FastSampler | undefined;
  readonly #localRoots: LocalRoots | undefined;
  readonly #state: ProviderState;

  constructor(recorder: Recorder, sampler: Sampler, gate: ProviderState) {
    this.#recorder = recorder;
    this.#sampler = sampler;
    this.#localRoots = sampler instanceof LocalRoots ? sampler : undefined;
    this.#fastSampler = sampler instanceof FastSampler ? sampler : undefined;
    this.#state = gate;
  }

  startSpan(name: string, options: SpanOptions = NO_OPTIONS, context: Context = contextApi.active()): Span {
    try {
      return this.#start(name, options ?? NO_OPTIONS, context ?? contextApi.active());
    } catch {
      return this.#startWithDefaults(name);
    }
  }

  /** Invalid options or an invalid context must not throw into the application. */
  #startWithDefaults(name: string): Span {
    try {
      return this.#start(name, NO_OPTIONS, contextApi.active());
    } catch (error) {
      this.#recorder.counters.warn('startSpan', () => `a span could not be started: ${describe(error)}`);
      return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    }
  }

  #start(name: string, options: SpanOptions, context: Context): Span {
    const recorder = this.#recorder;
    const parent = options.root === true ? undefined : trace.getSpan(context);
    if (this.#state.closed) return trace.wrapSpanContext(contextOfSpan(parent) ?? INVALID_SPAN_CONTEXT);
    if (isTracingSuppressed(context)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    recorder.counters.spansStarted++;
    if (!(parent instanceof RecordingSpan)) return this.#startSlow(name, options, context, parent, undefined);
    const { localTrace, traceFlags, traceState } = parent;
    const decided = this.#fastSampler?.decide(traceFlags, false, localTrace) ?? -1;
    if (decided !== 2) return this.#startSlow(name, options, context, parent, decided);
    recorder.counters.spansSampled++;
    const flags = (traceFlags & RANDOM) | SAMPLED;
    return this.#record(name, options, context, localTrace, flags, traceState, parent, undefined);
  }

  /** Handles all less common cases. The common path above is kept short so that the engine can inline it. */
  #startSlow(
    name: string,
    options: SpanOptions,
    context: Context,
    parent: Span | undefined,
    decided: SamplingDecision | -1 | undefined,
  ): Span {
    const recorder = this.#recorder;
    let localTrace: LocalTrace;
    let parentFlags = -1;
    let parentIsRemote = false;
    let traceState: TraceState | undefined;
    let recordedParent: RecordingSpan | SpanContext | undefined;
    let incoming: Incoming | undefined;
    if (parent instanceof RecordingSpan) {
      localTrace = parent.localTrace;
      parentFlags = parent.traceFlags;
      traceState = parent.traceState;
      recordedParent = parent;
    } else if (parent instanceof NonRecordingSpan) {
      localTrace = parent.localTrace;
      parentFlags = parent.traceFlags;
      traceState = parent.traceState;
    } else {
      const foreign = contextOfSpan(parent);
      if (foreign !== undefined && isValid(foreign)) {
        const remote = foreign instanceof RemoteSpanContext ? foreign : undefined;
        localTrace = new LocalTrace(recorder.clock, foreign.traceId, remote);
        parentIsRemote = foreign.isRemote === true;
        if (parentIsRemote) incoming = incomingOf(context);
        parentFlags = foreign.traceFlags;
        traceState = foreign.traceState;
        recordedParent = foreign;
      } else {
        incoming = options.root === true ? undefined : incomingOf(context);
        localTrace = new LocalTrace(recorder.clock, incoming?.traceId ?? recorder.newTraceId?.());
        traceState = incoming?.traceState;
      }
    }

    let decision = this.#isForced(incoming, parentFlags, traceState)
      ? 2
      : (decided ?? this.#decide(incoming, parentFlags, parentIsRemote, localTrace));
    let result: SamplingResult | LocalRootDecision | undefined;
    if (decision === -1 && this.#localRoots !== undefined) {
      const flags = decisiveFlags(incoming, parentFlags);
      result = this.#localRoots.decideRoot(name, options, context, flags, traceState, localTrace);
      if (result.pending !== undefined) localTrace.late = recorder.lateTraces?.start(result);
      decision = result.sampled ? 2 : localTrace.late === undefined ? 0 : 1;
      traceState = result.traceState;
    } else if (decision === -1) {
      result = callSampler(this.#sampler, recorder.counters, name, options, context, localTrace);
      decision = result.decision;
      if (result.traceState !== undefined) traceState = result.traceState;
    }
    const isRandom = recorder.newTraceId === undefined && incoming?.traceId === undefined;
    const kept = parentFlags === -1 ? (isRandom ? RANDOM : 0) : parentFlags & RANDOM;
    if (decision !== 1 && decision !== 2)
      return new NonRecordingSpan(localTrace, kept, traceState, recorder.newSpanId);
    if (decision === 2) recorder.counters.spansSampled++;
    // The recorded child of an unrecorded parent: rare enough to generate the parent's ids now.
    if (recordedParent === undefined && parentFlags !== -1) recordedParent = contextOfSpan(parent);
    return this.#record(
      name,
      options,
      context,
      localTrace,
      decision === 2 ? kept | SAMPLED : kept,
      traceState,
      recordedParent,
      result,
    );
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    context: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const fn = rest.at(-1);
    // As OpenTelemetry's SDK, which decides by the number of arguments.
    if (typeof fn !== 'function') return undefined as ReturnType<F>;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : undefined;
    const parentContext = (rest.length > 2 ? (rest[1] as Context) : undefined) ?? contextApi.active();
    const span = this.startSpan(name, options ?? NO_OPTIONS, parentContext);
    const withSpan = contextWith(span, parentContext);
    return contextApi.with(withSpan, fn as (span: Span) => ReturnType<F>, undefined, span);
  }

  /** Whether a span belongs to a debug trace, which is kept whatever a sampler decides. Policies decide themselves. */
  #isForced(incoming: Incoming | undefined, flags: number, traceState: TraceState | undefined): boolean {
    if (this.#localRoots !== undefined) return false;
    if (incoming?.samplingHint === 'force') return true;
    return flags > 0 && (flags & SAMPLED) !== 0 && isMarkedDebug(traceState);
  }

  #decide(incoming: Incoming | undefined, flags: number, isRemote: boolean, localTrace: LocalTrace): number {
    const remote = isRemote || incoming?.samplingHint !== undefined;
    return this.#fastSampler?.decide(decisiveFlags(incoming, flags), remote, localTrace) ?? -1;
  }

  #record(
    name: string,
    options: SpanOptions,
    context: Context,
    localTrace: LocalTrace,
    traceFlags: number,
    traceState: TraceState | undefined,
    parent: RecordingSpan | SpanContext | undefined,
    result: SamplingResult | LocalRootDecision | undefined,
  ): RecordingSpan {
    const now = monotonicNow();
    localTrace.startAt(now);
    const { kind = 0, attributes, links, startTime } = options;
    const validKind = typeof kind === 'number' && kind >= 0 && kind <= 4 ? kind : 0;
    const span = new RecordingSpan(
      this.#recorder,
      localTrace,
      traceFlags,
      traceState,
      parent,
      textOf(name),
      validKind,
      now,
    );
    if (startTime !== undefined) span.startAt(hrTimeOf(startTime, localTrace.anchor, now));
    if (attributes !== undefined) span.startWith(attributes);
    if (result?.attributes !== undefined) span.addAttributes(result.attributes);
    if (links !== undefined) span.addLinks(links);
    localTrace.late?.started(span);
    this.#recorder.openSpans.add(span);
    this.#recorder.processors?.onStart(span, context);
    return span;
  }
}

/** Falls back to the active context if the given value is not a context: the function still runs with its span. */
function contextWith(span: Span, context: Context): Context {
  try {
    return trace.setSpan(context, span);
  } catch {
    return trace.setSpan(contextApi.active(), span);
  }
}
