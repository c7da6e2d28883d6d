import { createPropagator, createSignature, w3cTraceContext } from '@clew/core';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';

/** The context of a request that carries a valid signature. */
export function signedContext(): Context {
  const propagator = createPropagator({
    extract: [w3cTraceContext],
    inject: [w3cTraceContext],
    extractBeside: [],
    injectBeside: [],
    signature: createSignature({ keys: { k: 'a secret of enough characters' } }),
  });
  const carrier = {};
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}
