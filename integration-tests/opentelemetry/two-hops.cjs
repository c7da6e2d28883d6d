// A server that calls another one with fetch and with node:http. Prints the `traceparent` of each call.
const { once } = require('node:events');
const http = require('node:http');
const { connect } = require('node:net');

const listening = async (listener) => {
  const server = http.createServer(listener).listen(0);
  await once(server, 'listening');
  return server;
};

const main = async () => {
  const back = await listening((request, response) => {
    console.log(request.url, request.headers.traceparent);
    response.end('ok');
  });
  const url = `http://127.0.0.1:${back.address().port}`;
  const front = await listening(async (_request, response) => {
    await (await fetch(`${url}/fetch`)).text();
    http.get(`${url}/http`, (incoming) => incoming.resume().on('end', () => response.end('ok')));
  });
  // A client that is not traced.
  const socket = connect(front.address().port);
  socket.resume().write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  front.close();
  back.close();
  back.closeAllConnections();
};
main();
