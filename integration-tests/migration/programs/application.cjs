// Sends itself a request that is not traced, and handles it with a span of its own.
const { connect } = require('node:net');
const { trace } = require('@opentelemetry/api');
const express = require('express');

const app = express();
app.get('/orders/:id', async (request, response) => {
  trace.getTracer('shop').startActiveSpan('price', (span) => span.end());
  if (process.env.NEXT !== undefined) await (await fetch(process.env.NEXT)).text();
  response.json({ id: request.params.id });
});
const server = app.listen(0, () => {
  const socket = connect(server.address().port).resume();
  socket.end('GET /orders/7 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  socket.on('close', () => server.close(() => process.kill(process.pid, 'SIGTERM')));
});
