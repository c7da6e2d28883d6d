const http = require('node:http');

/**
 * Listens on a free port of the loopback interface; resolves to the port. Idle connections stay open: while the other
 * variants run, connections are idle for longer than the default of 5 seconds. If the server closed them, a client
 * could meet a closed connection and repeat a request, which would be one more span.
 */
module.exports = function listen(handler, options = {}) {
  const server = http.createServer({ ...options, keepAliveTimeout: 0 }, handler);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
};
