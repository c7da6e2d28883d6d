import { rootContext } from '@clew/core';
import type { ReceivedContext } from '@clew/core/plugin';
import { type Context, isSpanContextValid, type Link, propagation, trace } from '@opentelemetry/api';

/** How the context of a message and the context in which it was received are used. */
export interface JoinedContext {
  /** The context of the parent of the SERVER span. */
  readonly parent: Context;
  /** The context of the handler, apart from its span. */
  readonly base: Context;
  readonly links: Link[];
}

/**
 * The parent is the span that sent the message; without one, the span in whose context it was received, which is that
 * of the HTTP request. If there are both, the latter becomes a link. What the application has set in that context, such
 * as its middleware, stays in the context of the handler.
 * Source: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md#context-propagation
 */
export function joinContexts({ context: received, links }: ReceivedContext, ambient: Context): JoinedContext {
  const sender = trace.getSpanContext(received);
  const transport = trace.getSpanContext(ambient);
  const baggage = propagation.getBaggage(received);
  const base =
    ambient === rootContext ? received : baggage ? propagation.setBaggage(ambient, baggage) : ambient;
  if (transport === undefined || !isSpanContextValid(transport))
    return { parent: received, base, links: [...links] };
  if (sender === undefined) return { parent: base, base, links: [...links] };
  const isSame = sender.spanId === transport.spanId && sender.traceId === transport.traceId;
  return { parent: received, base, links: isSame ? [...links] : [...links, { context: transport }] };
}

/** The context `base` with the span of another context. */
export function withSpanOf(other: Context, base: Context): Context {
  const span = trace.getSpan(other);
  return span === undefined ? base : trace.setSpan(base, span);
}
