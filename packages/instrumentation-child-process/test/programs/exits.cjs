// Exits immediately in an active span: a child process sends its spans.
const { trace } = require('@opentelemetry/api');

trace.getTracer('test').startActiveSpan('request', (span) => {
  span.end();
  process.exit(7);
});
