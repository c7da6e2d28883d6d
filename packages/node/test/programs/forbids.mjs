// `node forbids.mjs WHAT`: the host forbids something; the application starts tracing and serves a request.
import { once } from 'node:events';
import http from 'node:http';
import module, { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { context, propagation, trace } from '@opentelemetry/api';

const require = createRequire(import.meta.url);
const refuse = () => {
  throw new Error('forbidden here');
};
const spans = [];
const processor = {
  onStart() {},
  onEnd: ({ name }) => spans.push(name),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const brokenContext = { active() {}, with() {}, bind() {}, enable: refuse, disable() {} };

/** Each function forbids something, and returns the options of `init()`. */
const hosts = {
  nothing: () => {},
  hooks() {
    module.registerHooks = refuse;
    module.register = refuse;
  },
  listeners() {
    process.on = refuse;
    process.prependListener = refuse;
  },
  channels() {
    require('node:diagnostics_channel').subscribe = refuse;
  },
  builtins() {
    process.getBuiltinModule = refuse;
  },
  'the working directory'() {
    const { cwd } = process;
    process.cwd = refuse;
    void setImmediate().then(() => {
      process.cwd = cwd;
    });
  },
  'the path of Node'() {
    process.execPath = '';
  },
  globals() {
    Object.preventExtensions(globalThis);
  },
  'the context': () => ({ context: brokenContext }),
};

const [what] = process.argv.slice(2);
const { init } = require('@clew/node');
const options = { exporter: false, spanProcessors: [processor] };
const forbidden = hosts[what]();
let failure;
try {
  init({ ...options, ...forbidden });
} catch (error) {
  failure = error.message;
}
if (what === 'the context') {
  const isOurs = trace.getTracer('a').startSpan('a').isRecording();
  console.error([isOurs, context.setGlobalContextManager({ ...brokenContext, enable() {} })].join());
  context.disable();
  propagation.disable();
  init(options);
}

await setImmediate();
await setImmediate();
const express = require('express');
const app = express();
app.get('/orders/:id', (_request, response) => response.send('ok'));
const server = http.createServer(app).listen(0);
await once(server, 'listening');
const [response] = await once(http.get({ port: server.address().port, path: '/orders/7' }), 'response');
response.resume();
await once(response, 'close');
server.close();
await once(server, 'close');
console.log(JSON.stringify({ status: response.statusCode, spans: spans.sort(), failure }));
