// Forks itself inside a span. Loads only node:cluster and the OpenTelemetry API.
const cluster = require('node:cluster');
const { trace } = require('@opentelemetry/api');

if (cluster.isPrimary) {
  trace.getTracer('application').startActiveSpan('start', (span) => {
    cluster.fork().on('exit', () => span.end());
  });
} else {
  process.stdout.write(process.env.TRACEPARENT ? 'continued' : 'no traceparent');
  process.disconnect();
}
