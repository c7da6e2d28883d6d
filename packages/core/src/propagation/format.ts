import type {
  Baggage,
  Context,
  SpanContext,
  TextMapGetter,
  TextMapSetter,
  TraceState,
} from '@opentelemetry/api';

/** What a message says of the trace that it belongs to. */
export type Extraction =
  /** It has a parent. */
  | {
      readonly kind: 'parent';
      readonly spanContext: SpanContext;
      /** A trace that somebody looks at: kept whatever the policies say. */
      readonly debug?: boolean;
      /** The peer leaves the sampling decision to us: the sampled flag says nothing. */
      readonly undecided?: boolean;
      /** The format's own signature was valid: whatever the trust, the trace is continued. It covers no baggage. */
      readonly signed?: boolean;
      readonly baggage?: Baggage;
    }
  /** It has no parent, but a trace id to use, a sampling decision, or both. */
  | {
      readonly kind: 'start';
      readonly traceId?: string;
      readonly decision?: SamplingWish;
      /** For the span context of the new trace's root: what the format must find there to go on with the trace. */
      readonly traceState?: TraceState;
      readonly signed?: boolean;
      readonly baggage?: Baggage;
    };

/** What a peer asks for where it gives no parent: `force` is a debug trace, kept whatever the policies say. */
export type SamplingWish = 'drop' | 'sample' | 'force';

/** The name of a method: no program's own property is taken for it. */
export const WRITE_TRACEPARENT = Symbol.for('clew.write-traceparent');

/** A span of ours, which knows its ids otherwise than as digits. */
export interface TraceparentWriter {
  readonly traceState: TraceState | undefined;
  /** The value of a `traceparent`, version `00`. */
  [WRITE_TRACEPARENT](): string;
}

/** What goes out. */
export interface Outgoing {
  readonly spanContext: SpanContext;
  /** For formats that carry baggage in headers of their own. */
  readonly baggage: Baggage | undefined;
  /** The span, if its tracer writes a `traceparent` itself: cheaper than from the digits of a span context. */
  readonly writer?: TraceparentWriter | undefined;
  /** The trace came from outside without a signature: a format that signs leaves it out. */
  readonly unsigned?: boolean;
}

/**
 * One wire format of trace context: a pair of pure functions over a carrier.
 * `extract` gives `undefined` where the format is absent (at the cost of one look-up for each header that may stand
 * alone) or malformed (and counted).
 */
export interface TraceFormat {
  /** As in `OTEL_PROPAGATORS`. */
  readonly name: string;
  /** The headers that `inject` writes, and those that an older context may have left beside them. */
  readonly fields: readonly string[];
  /**
   * The format has a signature of its own, and its headers count for nothing without it. A trace that begins where
   * they were there and did not count is not signed.
   */
  readonly signs?: boolean;
  extract<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined;
  inject<C>(outgoing: Outgoing, carrier: C, setter: TextMapSetter<C>): void;
}

/** A format of what travels beside the trace, baggage above all. */
export interface ContextFormat {
  readonly name: string;
  readonly fields: readonly string[];
  /** Returns the context given where there is nothing to add. */
  extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context;
  inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void;
}

/** A header's value as one text: several headers of a name are one list. */
export function joined(value: string | string[] | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(',')
    : undefined;
}

/** A header that may come once: `undefined` when it is absent, comes twice, or is no text. */
export function single(value: string | string[] | undefined): string | undefined {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof only === 'string' ? only : undefined;
}
