// Its standard error is closed by its reader, and something goes wrong in tracing. Knows nothing of Clew.
import { createRequire } from 'node:module';

const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
console.log('ready');
process.once('SIGUSR2', () => {
  const span = trace.getTracer('application').startSpan('s');
  span.end();
  // A warning.
  span.end();
  setTimeout(() => process.exit(7), 100);
});
setInterval(() => {}, 1000);
