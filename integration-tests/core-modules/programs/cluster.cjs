// Forks itself inside a span, and loads neither node:child_process nor anything of ours but the API.
const cluster = require('node:cluster');
const { trace } = require('@opentelemetry/api');

if (cluster.isPrimary) {
  trace.getTracer('program').startActiveSpan('start', (span) => {
    cluster.fork().on('exit', () => span.end());
  });
} else {
  process.stdout.write(process.env.TRACEPARENT ? 'continued' : 'alone');
  process.disconnect();
}
