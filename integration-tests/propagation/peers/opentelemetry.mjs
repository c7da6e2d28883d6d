import { randomBytes } from 'node:crypto';
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/** A peer that uses one of OpenTelemetry's propagators. Its spans are only IDs. */
export function opentelemetryPeer(
  propagator,
  getter = defaultTextMapGetter,
  carrierOf = (headers) => headers,
  setterOf = () => defaultTextMapSetter,
) {
  const headersOf = (context) => {
    const headers = {};
    propagator.inject(context, headers, setterOf(headers));
    return headers;
  };
  const idsOf = (context) => {
    const { traceId, spanId, traceFlags } = trace.getSpanContext(context);
    return { traceId, spanId, sampled: (traceFlags & 1) === 1 };
  };
  return {
    startTrace({ sampled }) {
      const spanContext = { traceId: hex(16), spanId: hex(8), traceFlags: sampled ? 1 : 0 };
      const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
      return { span: idsOf(context), headers: headersOf(context) };
    },
    continueTrace({ headers }) {
      const received = propagator.extract(ROOT_CONTEXT, carrierOf(headers), getter);
      const child = { ...trace.getSpanContext(received), spanId: hex(8) };
      const context = trace.setSpanContext(received, child);
      return { received: idsOf(received), span: idsOf(context), headers: headersOf(context) };
    },
  };
}

function hex(bytes) {
  return randomBytes(bytes).toString('hex');
}
