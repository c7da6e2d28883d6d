import { type Context, createContextKey, type Link, type TraceState } from '@opentelemetry/api';
import type { SamplingWish } from './format.ts';

const KEY = createContextKey('clew.incoming');

/** What came with a request beside its parent; the templates and the tracer ask for it. */
export interface Incoming {
  /** Spans of other traces that the request names, each with its format in `clew.link.format`. */
  readonly links: readonly Link[];
  /** The trace id to use where there is no parent: 32 hex digits. */
  readonly traceId?: string | undefined;
  /** What the peer asks for where there is no parent. */
  readonly wish?: SamplingWish | undefined;
  /** The trace state of the root where there is no parent. */
  readonly traceState?: TraceState | undefined;
  /** The parent's sampled flag says nothing: we decide as for a root. */
  readonly undecided?: boolean | undefined;
}

/** Returns a context that carries what came. */
export function withIncoming(context: Context, incoming: Incoming): Context {
  return context.setValue(KEY, incoming);
}

/** What came with the request of this context; `undefined` when it was nothing beside a parent. */
export function incomingOf(context: Context): Incoming | undefined {
  return context.getValue(KEY) as Incoming | undefined;
}
