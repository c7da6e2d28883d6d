// What all services do: they listen on a free port, print it, and stop when the standard input ends.
const { once } = require('node:events');
const http = require('node:http');

exports.serve = async (listener) => {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`${server.address().port}\n`);
  await once(process.stdin.resume(), 'end');
  server.close();
  server.closeAllConnections();
};

/** What a service responds with: the headers of its request, then the responses of the services behind it. */
exports.response = (request, behind) => JSON.stringify([request.headers, ...JSON.parse(behind || '[]')]);
