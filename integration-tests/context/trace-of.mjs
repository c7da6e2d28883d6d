// What every program of this suite shares: the W3C formats, a manager, and a look at whose context is current.
import { createPropagator, rootContext, w3cBaggage, w3cTraceContext } from '@clew/core';
import { context, propagation, TraceFlags, trace } from '@opentelemetry/api';

const formats = { extract: [w3cTraceContext], inject: [w3cTraceContext] };
const beside = { extractBeside: [w3cBaggage], injectBeside: [w3cBaggage] };
propagation.setGlobalPropagator(createPropagator({ ...formats, ...beside }));

/** Makes a context manager the API's. */
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
