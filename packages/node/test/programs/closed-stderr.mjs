// Its standard error has been closed by the reader, and a warning is logged. Does not use Clew itself.
import { createRequire } from 'node:module';

const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
console.log('ready');
process.once('SIGUSR2', () => {
  const span = trace.getTracer('application').startSpan('s');
  span.end();
  // Logs a warning.
  span.end();
  setTimeout(() => process.exit(7), 100);
});
setInterval(() => {}, 1000);
