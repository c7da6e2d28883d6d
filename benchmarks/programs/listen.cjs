const http = require('node:http');

/** Listens on a free port of the loopback interface; resolves to the port. */
module.exports = function listen(handler, options = {}) {
  const server = http.createServer(options, handler);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
};
