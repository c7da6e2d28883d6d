// Forks itself; the environment propagates the trace to the child, in OpenTelemetry's variables.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
const tracer = trace.getTracer('program');
if (process.argv[2] === 'child') {
  tracer.startSpan('of the child').end();
  process.exit(4);
}
const span = tracer.startSpan('of the parent');
const { traceId, spanId } = span.spanContext();
const env = { ...process.env, TRACEPARENT: `00-${traceId}-${spanId}-01` };
fork(fileURLToPath(import.meta.url), ['child'], { env }).on('exit', (code) => {
  span.end();
  console.log('child ended', code);
});
