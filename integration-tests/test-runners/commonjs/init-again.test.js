const { once } = require('node:events');
const http = require('node:http');
const { ExpressInstrumentation } = require('@clew/instrumentation-express');
const { init } = require('@clew/node');
const express = require('express');

const ended = [];
const plugin = new ExpressInstrumentation();
const processor = {
  onStart() {},
  onEnd: ({ name }) => ended.push(name),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const clew = init({ exporter: false, spanProcessors: [processor], instrumentations: [plugin] });
plugin.instrument(express);

test('traces a request to Express', async () => {
  const app = express();
  app.get('/orders/:id', (_request, response) => response.send('ok'));
  const server = app.listen(0);
  await once(server, 'listening');
  const [response] = await once(http.get({ port: server.address().port, path: '/orders/7' }), 'response');
  response.resume();
  await once(response, 'close');
  server.close();
  await once(server, 'close');
  expect(ended.sort()).toEqual(['GET', 'GET /orders/:id']);
  expect(init()).toBe(clew);
});
