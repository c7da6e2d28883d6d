// Sends one trace with the given number of spans to the collector, without tracing that itself.
const count = Number(process.argv[2]);
const spans = Array.from({ length: count }, (_, index) => ({
  traceId: 'c1ea'.repeat(8),
  spanId: (index + 1).toString(16).padStart(16, '0'),
  ...(index > 0 && { parentSpanId: '1'.padStart(16, '0') }),
  name: index === 0 ? 'all' : `step ${index}`,
  startTimeUnixNano: '1782907200000000000',
  endTimeUnixNano: '1782907200005000000',
}));
const { status } = await fetch(`${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
});
process.exitCode = status === 200 ? 0 : 1;
