import { randomBytes } from 'node:crypto';
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/** A peer of one of OpenTelemetry's propagators; its spans are ids only. */
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
  const at = (context) => {
    const { traceId, spanId, traceFlags } = trace.getSpanContext(context);
    return { traceId, spanId, sampled: (traceFlags & 1) === 1 };
  };
  return {
    begin({ sampled }) {
      const spanContext = { traceId: hex(16), spanId: hex(8), traceFlags: sampled ? 1 : 0 };
      const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
      return { at: at(context), headers: headersOf(context) };
    },
    goOn({ headers }) {
      const came = propagator.extract(ROOT_CONTEXT, carrierOf(headers), getter);
      const child = { ...trace.getSpanContext(came), spanId: hex(8) };
      const context = trace.setSpanContext(came, child);
      return { came: at(came), at: at(context), headers: headersOf(context) };
    },
  };
}

function hex(bytes) {
  return randomBytes(bytes).toString('hex');
}
