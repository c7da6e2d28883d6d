import jaeger from 'jaeger-client';

const { FORMAT_HTTP_HEADERS } = jaeger.opentracing;
const tracers = new Map([true, false].map((sampled) => [sampled, tracerOf(sampled)]));

export function startTrace({ sampled }) {
  const span = tracers.get(sampled).startSpan('start');
  span.setBaggageItem('tenant', 'grün & blau');
  return { span: idsOf(span.context()), headers: headersOf(span.context()) };
}

export function continueTrace({ headers }) {
  const received = tracers.get(true).extract(FORMAT_HTTP_HEADERS, headers);
  const span = tracers.get(true).startSpan('continue', { childOf: received });
  return { received: idsOf(received), span: idsOf(span.context()), headers: headersOf(span.context()) };
}

function tracerOf(sampled) {
  const options = { traceId128bit: true };
  const sampler = new jaeger.ConstSampler(sampled);
  return new jaeger.Tracer('peer', new jaeger.InMemoryReporter(), sampler, options);
}

function idsOf(context) {
  return {
    traceId: context.traceIdStr,
    spanId: context.spanIdStr,
    sampled: context.isSampled(),
    debug: context.isDebug(),
    baggage: context.baggage,
  };
}

function headersOf(context) {
  const headers = {};
  tracers.get(true).inject(context, FORMAT_HTTP_HEADERS, headers);
  return headers;
}
