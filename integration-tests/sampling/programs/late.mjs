// Serves the same routes with a framework. `/orders/:id` is kept at its route, `/health` is not, all others wait for their
// end and are kept if they fail. Prints the log lines of the application and the exported spans.
import { once } from 'node:events';
import { DECIDE_LOCAL_ROOT } from '@clew/core/internal';
import { init } from '@clew/node';
import { trace } from '@opentelemetry/api';

const unsampled = { sampled: false, traceState: undefined };
const kept = (why) => ({ sampled: true, traceState: undefined, attributes: { 'clew.sampling.kept': why } });
const atEnd = ({ isError }) => (isError ? kept('error') : unsampled);
const untilEnd = { needsRoute: false, atRoute: () => unsampled, atEnd };
const untilRoute = {
  needsRoute: true,
  atRoute: (route) => {
    routes.push(route);
    if (route === '/health') return unsampled;
    return route.startsWith('/orders/') ? kept('always') : { ...unsampled, pending: untilEnd };
  },
  atEnd,
};
const sampler = {
  [DECIDE_LOCAL_ROOT]: ({ parentFlags }) =>
    parentFlags === -1 ? { ...unsampled, pending: untilRoute } : unsampled,
  shouldSample: () => ({ decision: 0 }),
};

const routes = [];
const spans = [];
const logs = [];
const exporter = {
  export: (batch, done) => {
    for (const { name, attributes } of batch) spans.push([name, attributes['clew.sampling.kept'] ?? '-']);
    done({ code: 0 });
  },
  shutdown: async () => {},
};
const clew = init({
  sampler,
  exporter: false,
  spanExporters: [exporter],
  plugins: { express: { layers: 'all' }, koa: { layers: 'all' }, undici: false },
});
const tracer = trace.getTracer('application');
/** A log line with the trace context, as loggers write it. */
const log = (text) => logs.push(`${text} ${trace.getActiveSpan()?.spanContext().traceFlags & 1}`);
const step = (name) => tracer.startActiveSpan(name, (span) => span.end());
const order = () => {
  log('order');
  step('query');
  return 'order';
};
const fail = () => {
  throw new Error('on purpose');
};

const frameworks = {
  async express() {
    const { default: express } = await import('express');
    const app = express();
    app.use((_, __, next) => {
      log('middleware');
      step('session');
      next();
    });
    app.get('/orders/:id', (_, response) => response.send(order()));
    app.get('/health', (_, response) => response.send(order()));
    app.get('/fine', (_, response) => response.send(order()));
    app.get('/fails', fail);
    app.use((_error, _request, response, _next) => response.status(500).end());
    return app.listen(0, '127.0.0.1');
  },
  async koa() {
    const { default: Koa } = await import('koa');
    const { Router } = await import('@koa/router');
    const router = new Router();
    for (const path of ['/orders/:id', '/health', '/fine'])
      router.get(path, (context) => {
        context.body = order();
      });
    router.get('/fails', fail);
    const app = new Koa();
    app.silent = true;
    app.use((_, next) => {
      log('middleware');
      step('session');
      return next();
    });
    app.use(router.routes());
    return app.listen(0, '127.0.0.1');
  },
  async fastify() {
    const { default: fastify } = await import('fastify');
    const app = fastify();
    for (const path of ['/orders/:id', '/health', '/fine']) app.get(path, async () => order());
    app.get('/fails', async () => fail());
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  async hapi() {
    const { default: hapi } = await import('@hapi/hapi');
    const server = hapi.server({ port: 0, host: '127.0.0.1', debug: false });
    for (const path of ['/orders/{id}', '/health', '/fine'])
      server.route({ method: 'GET', path, handler: () => order() });
    server.route({ method: 'GET', path: '/fails', handler: fail });
    await server.start();
    return server.listener;
  },
};

const server = await frameworks[process.argv[2]]();
if (!server.listening) await once(server, 'listening');
const results = {};
for (const path of ['/orders/7', '/health', '/fine', '/fails', '/missing']) {
  const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
  await response.text();
  await new Promise((resolve) => setImmediate(resolve));
  await clew.flush();
  results[path] = {
    status: response.status,
    routes: routes.splice(0),
    logs: logs.splice(0),
    spans: spans.splice(0),
  };
}
server.close();
server.closeAllConnections();
console.log(JSON.stringify({ results, late: clew.stats().late }));
await clew.shutdown();
