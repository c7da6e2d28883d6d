import type {
  Baggage,
  Context,
  SpanContext,
  TextMapGetter,
  TextMapSetter,
  TraceState,
} from '@opentelemetry/api';
import type { TraceparentWriter } from './traceparent-writer.ts';

/** The trace information of a message. */
export type Extraction =
  /** The message has a parent. */
  | {
      readonly kind: 'parent';
      readonly spanContext: SpanContext;
      /** A debug trace: kept whatever the policies decide. */
      readonly debug?: boolean;
      /** The peer made no sampling decision: the sampled flag has no meaning. */
      readonly undecided?: boolean;
      /** The format's own signature was valid: the trace is continued whatever the trust option. It covers no baggage. */
      readonly signed?: boolean;
      readonly baggage?: Baggage;
    }
  /** The message has no parent, but a trace id to use, a sampling decision, or both. */
  | {
      readonly kind: 'start';
      readonly traceId?: string;
      readonly decision?: SamplingHint;
      /** The trace state of the new root span, in which the format keeps what it needs to continue the trace. */
      readonly traceState?: TraceState;
      readonly signed?: boolean;
      readonly baggage?: Baggage;
    };

/** The sampling decision of a peer; `force` is a debug trace, kept whatever the policies decide. */
export type SamplingHint = 'drop' | 'sample' | 'force';

/** What a format injects. */
export interface Outgoing {
  readonly spanContext: SpanContext;
  /** For formats with their own baggage headers. */
  readonly baggage: Baggage | undefined;
  /** The span, if it can write a `traceparent` itself, which is cheaper than formatting its span context. */
  readonly writer?: TraceparentWriter | undefined;
  /** The trace was received without a signature: a format that signs must not write it. */
  readonly unsigned?: boolean;
}

/**
 * One wire format of trace context: a pair of pure functions over a carrier.
 * `extract` returns `undefined` if the format is absent (at the cost of one look-up for each header that may be present
 * without the others) or malformed (which it counts).
 */
export interface TraceFormat {
  /** The name in `OTEL_PROPAGATORS`. */
  readonly name: string;
  /** The headers that `inject` writes, and those that must be removed with them because they belong to an older context. */
  readonly fields: readonly string[];
  /**
   * Whether the format has its own signature, without which its headers are ignored. A trace that starts at a message
   * with such ignored headers is never signed.
   */
  readonly signs?: boolean;
  extract<C>(carrier: C, getter: TextMapGetter<C>): Extraction | undefined;
  inject<C>(outgoing: Outgoing, carrier: C, setter: TextMapSetter<C>): void;
}

/** A format of context other than the trace, such as baggage. */
export interface ContextFormat {
  readonly name: string;
  readonly fields: readonly string[];
  /** Returns the given context if there is nothing to add. */
  extract<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context;
  inject<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void;
}

/** The value of a list header as one text: several headers of the same name are joined. */
export function joined(value: string | string[] | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(',')
    : undefined;
}

/** The value of a header that must be unique: `undefined` if it is absent, repeated, or not a string. */
export function single(value: string | string[] | undefined): string | undefined {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof only === 'string' ? only : undefined;
}
