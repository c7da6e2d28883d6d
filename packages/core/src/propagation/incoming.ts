import { type Context, createContextKey, type Link, type TraceState } from '@opentelemetry/api';
import type { SamplingHint } from './format.ts';

const KEY = createContextKey('clew.incoming');

/** Trace information of an incoming request other than its parent, for the templates and the tracer. */
export interface Incoming {
  /** Spans of other traces in the request's headers, each with its format in `clew.link.format`. */
  readonly links: readonly Link[];
  /** The trace id to use if there is no parent: 32 hex digits. */
  readonly traceId?: string | undefined;
  /** The peer's sampling decision if there is no parent. */
  readonly samplingHint?: SamplingHint | undefined;
  /** The trace state of the root span if there is no parent. */
  readonly traceState?: TraceState | undefined;
  /** The parent's sampled flag has no meaning: sampling decides as for a root span. */
  readonly undecided?: boolean | undefined;
}

/** Returns a context with this information. */
export function withIncoming(context: Context, incoming: Incoming): Context {
  return context.setValue(KEY, incoming);
}

/** The information that {@link withIncoming} set; `undefined` if the request had at most a parent. */
export function incomingOf(context: Context): Incoming | undefined {
  return context.getValue(KEY) as Incoming | undefined;
}
