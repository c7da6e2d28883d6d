import { client, matchesAny, Operation, type OptionsOf, option, type Tools } from '@clew/core/plugin';
import { type Context, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import type { McpRequest } from './hooks.ts';
import type { Message } from './protocol.ts';

export const options = {
  /** `ignore` also holds for SERVER spans. */
  ...client.options,
  /** Which requests are trusted, by the path of the HTTP request or by the method; default: the propagation defaults. */
  trust: option.trust(),
  /** The hosts that trace context is sent to; default: the propagation defaults. */
  propagateTo: option.destinations(),
  /** Those of these hosts that baggage is sent to; default: the propagation defaults. */
  propagateBaggageTo: option.destinations(),
  /** Called with each recorded span and its request, with the arguments, which are not recorded otherwise. */
  requestHook: option.hook<(span: Span, request: McpRequest) => void>(),
  /** Called with the result of a request, which is not recorded otherwise. */
  responseHook: option.hook<(span: Span, request: McpRequest, result: unknown) => void>(),
} as const;

export type McpTools = Tools<OptionsOf<typeof options>>;

/** Whether a message has no span, by the name of its span. */
export function isIgnored({ options: { ignore } }: McpTools, name: string): boolean {
  return ignore.length > 0 && matchesAny(ignore, name);
}

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** An operation that records nothing and runs in the given context. */
export function withoutSpan(current: Context): Operation {
  return new Operation(NO_SPAN, current, current);
}

/** What the hooks get. */
export function hookedRequest({ method, params }: Message, side: McpRequest['side']): McpRequest {
  return { method, params, side };
}
