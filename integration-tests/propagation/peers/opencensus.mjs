import { CoreTracer, SpanKind } from '@opencensus/core';

/** A peer of OpenCensus' tracer with one of its propagation packages. */
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
    begin: ({ sampled }) =>
      tracers.get(sampled).startRootSpan({ name: 'begin', kind: SpanKind.CLIENT }, ({ spanContext }) => ({
        at: idsOf(spanContext),
        headers: headersOf(spanContext),
      })),
    goOn({ headers }) {
      const came = propagation.extract({ getHeader: (name) => headers[name.toLowerCase()] });
      const options = { name: 'go on', kind: SpanKind.SERVER, spanContext: came };
      return tracers.get(true).startRootSpan(options, ({ spanContext, parentSpanId }) => ({
        came: { ...idsOf(came), spanId: parentSpanId },
        at: idsOf(spanContext),
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
