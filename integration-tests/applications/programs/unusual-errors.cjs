// Handlers fail with unusual values, and clients disconnect during requests. Prints the responses.
const { once } = require('node:events');
const net = require('node:net');
const express = require('express');

const trap = () => {
  throw new Error('trap');
};
const { proxy: revoked, revoke } = Proxy.revocable(new Error('revoked'), {});
revoke();
const failures = {
  error: new Error('plain'),
  frozen: Object.freeze(new Error('frozen')),
  message: Object.defineProperty(new Error('hidden'), 'message', { get: trap }),
  code: Object.defineProperty(new Error('hidden'), 'code', { get: trap }),
  proxy: new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap }),
  revoked,
  bare: Object.create(null),
  text: 'text',
  symbol: Symbol('symbol'),
  huge: new Error('x'.repeat(1_000_000)),
};

const app = express();
for (const [name, failure] of Object.entries(failures)) {
  app.get(`/${name}`, (_request, _response, next) => next(failure));
}
app.get('/patched', (_request, response) => {
  const { end } = response;
  response.end = function (...rest) {
    response.end = end;
    return end.apply(this, rest);
  };
  response.send('patched');
});
app.post('/upload', (request, response) => request.on('end', () => response.send('whole')).resume());
app.use((_error, { path }, response, _next) => response.status(500).end(`failed: ${path}`));

async function send(port, text, disconnect = false) {
  const socket = net.connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  socket.write(text);
  if (disconnect) setTimeout(() => socket.destroy(), 50);
  await once(socket, 'close');
  console.log(received.replace(/Date: .*/, 'Date'));
}

const server = app.listen(0, async () => {
  const { port } = server.address();
  const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;
  for (const name of Object.keys(failures)) await send(port, get(`/${name}`));
  await send(
    port,
    get('/patched', `traceparent: ${'a'.repeat(7000)}\r\nbaggage: ${'k=v,'.repeat(1000)}\r\n`),
  );
  await send(port, get(`/${'a'.repeat(20_000)}`));
  await send(port, 'POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n');
  await send(port, 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf', true);
  server.close();
  process.exitCode = 3;
});
