// Sets up the W3C formats and a context manager, and returns the current trace, in every process of this suite.
import { createPropagator, rootContext, w3cBaggage, w3cTraceContext } from '@clew/core';
import { context, propagation, TraceFlags, trace } from '@opentelemetry/api';

const formats = { extract: [w3cTraceContext], inject: [w3cTraceContext] };
const beside = { extractBeside: [w3cBaggage], injectBeside: [w3cBaggage] };
propagation.setGlobalPropagator(createPropagator({ ...formats, ...beside }));

/** Sets the API's context manager. */
export function install(manager) {
  context.setGlobalContextManager(manager.enable());
}

/** The context of a request. */
export function contextOf(traceId) {
  const spanContext = { traceId, spanId: '00f067aa0ba902b7', traceFlags: TraceFlags.SAMPLED };
  return trace.setSpanContext(rootContext, spanContext);
}

/** The trace that is current here, or `none`. */
export function currentTrace() {
  return trace.getSpanContext(context.active())?.traceId ?? 'none';
}
