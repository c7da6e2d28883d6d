const { once } = require('node:events');
const http = require('node:http');
const { ExpressInstrumentation } = require('@clew/instrumentation-express');
const { HttpInstrumentation } = require('@clew/instrumentation-http');
const { recordSpans } = require('@clew/testing');
const express = require('express');

const recorder = recordSpans();
const plugins = [new HttpInstrumentation(), new ExpressInstrumentation()];
beforeAll(() => {
  plugins[0].instrument(http);
  plugins[1].instrument(express);
});
afterAll(() => {
  for (const plugin of plugins) plugin.disable();
});

test('records the spans of a request', async () => {
  const app = express();
  app.get('/orders/:id', (_request, response) => response.send('ok'));
  const server = app.listen(0);
  await once(server, 'listening');
  const [response] = await once(http.get({ port: server.address().port, path: '/orders/7' }), 'response');
  response.resume();
  await once(response, 'close');
  server.close();
  const [client, served] = await recorder.take(2);
  expect([client.name, served.name]).toEqual(['GET', 'GET /orders/:id']);
  expect(served.traceId).toBe(client.traceId);
});
