import { CoreTracer, SpanKind } from '@opencensus/core';

/** A peer that uses OpenCensus' tracer with one of its propagation packages. */
export function opencensusPeer(propagation) {
  const tracers = new Map([true, false].map((sampled) => [sampled, tracerOf(sampled)]));
  const headersOf = (spanContext) => {
    const headers = {};
    const setHeader = (name, value) => {
      headers[name] = value;
    };
    propagation.inject({ setHeader }, spanContext);
    return headers;
  };
  return {
    startTrace: ({ sampled }) =>
      tracers.get(sampled).startRootSpan({ name: 'start', kind: SpanKind.CLIENT }, ({ spanContext }) => ({
        span: idsOf(spanContext),
        headers: headersOf(spanContext),
      })),
    continueTrace({ headers }) {
      const received = propagation.extract({ getHeader: (name) => headers[name.toLowerCase()] });
      const options = { name: 'continue', kind: SpanKind.SERVER, spanContext: received };
      return tracers.get(true).startRootSpan(options, ({ spanContext, parentSpanId }) => ({
        received: { ...idsOf(received), spanId: parentSpanId },
        span: idsOf(spanContext),
        headers: headersOf(spanContext),
      }));
    },
  };
}

function tracerOf(sampled) {
  return new CoreTracer().start({ samplingRate: sampled ? 1 : 0 });
}

function idsOf({ traceId, spanId, options }) {
  return { traceId, spanId, sampled: ((options ?? 0) & 1) === 1 };
}
