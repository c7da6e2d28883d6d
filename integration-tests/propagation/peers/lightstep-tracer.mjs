import lightstep from 'lightstep-tracer';

/** The constant of OpenTracing. */
const FORMAT_HTTP_HEADERS = 'http_headers';

const tracer = new lightstep.Tracer({
  access_token: 'none',
  component_name: 'peer',
  disable_reporting_loop: true,
  disable_clock_skew_correction: true,
  verbosity: 0,
});

/** This tracer samples every trace. */
export function startTrace() {
  const span = tracer.startSpan('start');
  return { span: idsOf(span.context()), headers: headersOf(span.context()) };
}

export function continueTrace({ headers }) {
  const received = tracer.extract(FORMAT_HTTP_HEADERS, headers);
  const span = tracer.startSpan('continue', { childOf: received });
  return { received: idsOf(received), span: idsOf(span.context()), headers: headersOf(span.context()) };
}

function idsOf(context) {
  return { traceId: context._traceGUID, spanId: context._guid, sampled: context._sampled !== false };
}

function headersOf(context) {
  const headers = {};
  tracer.inject(context, FORMAT_HTTP_HEADERS, headers);
  return headers;
}
