// A library that is instrumented with OpenTracing. It knows neither Clew nor OpenTelemetry.
const { FORMAT_HTTP_HEADERS, globalTracer, Tags } = require('opentracing');

/** Records a span, and one below it after an asynchronous step. */
exports.checkout = async (parent) => {
  const tracer = globalTracer();
  const span = tracer.startSpan('checkout', { childOf: parent, tags: { pieces: 2 } });
  span.setBaggageItem('tenant', 'grün');
  await new Promise((resolve) => setImmediate(resolve));
  const below = tracer.startSpan('pay', { childOf: span });
  below.setTag(Tags.ERROR, true).log({ event: 'error', message: 'declined' });
  below.finish();
  span.finish();
  return span;
};

/** The headers of a request in a span. */
exports.headersOf = (span) => {
  const headers = {};
  globalTracer().inject(span, FORMAT_HTTP_HEADERS, headers);
  return headers;
};

exports.extract = (headers) => globalTracer().extract(FORMAT_HTTP_HEADERS, headers);
