// Ends at once while a span is current: what it has recorded is sent by a process of its own.
const { trace } = require('@opentelemetry/api');

trace.getTracer('test').startActiveSpan('request', (span) => {
  span.end();
  process.exit(7);
});
