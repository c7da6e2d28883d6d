// Ends in the given way while spans are open. Does not use Clew itself.
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { isMainThread, Worker } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const { trace } = require('@opentelemetry/api');
const tracer = trace.getTracer('application');
const [way, signal] = process.argv.slice(2);

/** Serves one request, which the process sends itself. */
function serve(handler, onResponse = () => {}) {
  const server = createServer(handler).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    get({ port, host: '127.0.0.1', path: '/orders', agent: false }, onResponse).on('error', () => {});
  });
  return server;
}
const work = () => tracer.startSpan('work');
const fail = () => {
  throw new TypeError('on purpose');
};
const ways = {
  'exits in a response': () =>
    serve(
      (_, response) => response.write('a part'),
      () => process.exit(3),
    ),
  'throws in a handler': () => serve(fail),
  'throws in a timer of a handler': () => serve(() => setTimeout(fail, 1)),
  'throws in a handler after its own span has ended': () =>
    serve(() =>
      tracer.startActiveSpan('step', (span) => {
        setTimeout(fail, 1);
        span.end();
      }),
    ),
  'rejects in a handler': () => serve(async () => fail()),
  'throws in a handler of express, later': () => {
    const app = require('express')();
    app.get('/orders', () => setTimeout(fail, 1));
    serve(app);
  },
  'throws in a handler, and continues': () => {
    process.once('uncaughtException', (error) => console.log('caught', error.message));
    const server = serve((_, response) => {
      setTimeout(() => {
        response.end();
        server.close();
      }, 20);
      setTimeout(fail, 1);
    });
  },
  'throws in an active span, and exits': () => {
    process.once('uncaughtException', () => process.exit(9));
    tracer.startActiveSpan('job', () => setTimeout(fail, 1));
  },
  'falls off its end': () => {
    tracer.startActiveSpan('job', () => tracer.startActiveSpan('step', work));
  },
  'ends a span in an exit listener': () => {
    const span = work();
    process.on('exit', () => span.end());
  },
  'ends a span in an exit listener of process.exit()': () => {
    const span = work();
    process.on('exit', () => span.end());
    process.exit(5);
  },
  'throws in an exit listener of process.exit()': () => {
    work();
    process.on('exit', fail);
    process.exit(5);
  },
  'exits in an exit listener': () => {
    work();
    process.on('exit', () => process.exit(6));
    process.exit(5);
  },
  'ends a span again': () => {
    const span = work();
    process.on('SIGTERM', () => {});
    process.emit('beforeExit', 0);
    span.end();
  },
  'waits in a handler': () => serve(() => console.log('ready')),
  'finishes its requests': () => {
    const server = serve((_, response) => {
      process.once(signal, () => {
        setTimeout(() => response.end(), 20);
        server.close();
      });
      console.log('ready');
    });
  },
  'exits at a signal': () =>
    serve(() => {
      process.once(signal, () => process.exit(4));
      console.log('ready');
    }),
  'exits long after a signal': () =>
    serve(() => {
      process.once(signal, () => setTimeout(() => process.exit(4), 20));
      console.log('ready');
    }),
  'in a worker': () => {
    const worker = new Worker(new URL(import.meta.url), { argv: [signal] });
    worker.on('error', (error) => console.log('worker failed:', error.message));
    worker.on('exit', (code) => console.log('worker ended', code));
  },
  'throws in an active span': () => tracer.startActiveSpan('job', () => setTimeout(fail, 1)),
};
if (isMainThread || way !== 'in a worker') ways[way]();
