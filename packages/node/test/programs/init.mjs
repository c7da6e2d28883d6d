// Scenarios for init(), one in each run; writes its observations as JSON to standard output.
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { init } from '@clew/node';
import { trace } from '@opentelemetry/api';

const [scenario = '', ...rest] = process.argv.slice(2);
const require = createRequire(import.meta.url);

/** Stores spans as `KIND name` in a list. */
function recorder() {
  const spans = [];
  const kinds = ['INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
  const processor = {
    onStart() {},
    onEnd: (span) => void spans.push(`${kinds[span.kind]} ${span.name}`),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  return { spans, options: { exporter: false, spanProcessors: [processor] } };
}

/** Sends one request to a server with this listener. */
async function serveOnce(listener, path = '/') {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [response] = await once(get({ port: server.address().port, host: '127.0.0.1', path }), 'response');
  response.resume();
  await once(response, 'close');
  server.close();
  await once(server, 'close');
  return response.statusCode;
}

const ok = (_request, response) => response.end('ok');

const scenarios = {
  twice() {
    const first = init({ exporter: false });
    return { same: [init() === first, init({}) === first, init({ serviceName: 'other' }) === first] };
  },

  wrongTwice() {
    init({ exporter: false });
    try {
      init({ serviceName: 5 });
    } catch (fault) {
      return fault.message;
    }
  },

  otherSdk() {
    const span = { end() {} };
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: () => span }) });
    const clew = init({ exporter: false });
    return { theirs: trace.getTracer('t').startSpan('s') === span, stats: clew.stats() ?? 'none' };
  },

  async disabled() {
    const clew = init();
    const status = await serveOnce(ok);
    await clew.flush();
    await clew.shutdown();
    return { status, stats: clew.stats() ?? 'none' };
  },

  async again() {
    const seen = [];
    for (const round of [1, 2, 3]) {
      const { spans, options } = recorder();
      const clew = init(options);
      await serveOnce(ok);
      if (round === 2) await Promise.all([clew.shutdown(), clew.shutdown()]);
      else await clew.shutdown();
      await serveOnce(ok);
      seen.push({ spans: spans.sort(), ended: clew.stats().spansEnded });
    }
    return seen;
  },

  async flush() {
    const clew = init();
    trace.getTracer('t').startSpan('s').end();
    const before = clew.stats();
    await Promise.all([clew.flush(), clew.flush()]);
    const after = clew.stats();
    return {
      queued: [before.spansQueued, after.spansQueued],
      exported: [before.spansExported, after.spansExported],
    };
  },

  async own() {
    const { ExpressInstrumentation } = await import('@clew/instrumentation-express');
    const { spans, options } = recorder();
    init({ ...options, instrumentations: [new ExpressInstrumentation({ layers: 'all' })] });
    await serveOnce(application(), '/orders/7');
    return spans;
  },

  async found() {
    const { spans, options } = recorder();
    init(options);
    await serveOnce(application(), '/orders/7');
    return spans;
  },

  async options() {
    const { spans, options } = recorder();
    init({ ...options, plugins: { express: { layers: 'all', ignoreLayersType: ['middleware'] } } });
    await serveOnce(application(), '/orders/7');
    return spans;
  },

  async leftOut() {
    const { spans, options } = recorder();
    init({ ...options, plugins: { express: false } });
    await serveOnce(application(), '/orders/7');
    return spans;
  },

  async noDiscovery() {
    const { spans, options } = recorder();
    init({ ...options, discover: false });
    await serveOnce(application(), '/orders/7');
    return spans;
  },

  async early() {
    const express = require('express');
    const { spans, options } = recorder();
    init(options);
    await serveOnce(application(express), '/orders/7');
    return spans;
  },

  /** The folder is that of the second copy. */
  async copies() {
    const { spans, options } = recorder();
    const copy = createRequire(`${rest[0]}/package.json`);
    const clew = init(options);
    const same = copy('@clew/node').init({ serviceName: 'copy' }) === clew;
    const { HttpInstrumentation } = copy('@clew/instrumentation-http');
    const second = new HttpInstrumentation();
    second.setTracerProvider(trace.getTracerProvider());
    await serveOnce(ok);
    return { same, spans: spans.sort() };
  },

  async plugins() {
    const { spans, options } = recorder();
    init(options);
    return { status: await serveOnce(application(), '/orders/7'), spans: spans.sort() };
  },
};

/** An application with express, which is loaded here and not earlier. */
function application(express = require('express')) {
  const app = express();
  app.use(function authenticate(_request, _response, next) {
    next();
  });
  app.get('/orders/:id', (_request, response) => response.send('ok'));
  return app;
}

process.stdout.write(JSON.stringify((await scenarios[scenario]()) ?? null));
process.exit();
