// Only ends a span: Clew must not keep the process alive.
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
const tracer = trace.getTracer('program');
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) });
  worker.on('message', (text) => console.log(text));
  worker.on('exit', (code) => console.log('worker ended', code));
  tracer.startSpan('of the program').end();
} else {
  tracer.startSpan('of the worker').end();
  parentPort.postMessage('worker works');
  if (process.argv.includes('exit')) process.exit(3);
}
