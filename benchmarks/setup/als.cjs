// The minimum cost of any asynchronous context: one AsyncLocalStorage.run for each request.
const { AsyncLocalStorage } = require('node:async_hooks');
const { Server } = require('node:http');

const storage = new AsyncLocalStorage();
const emit = Server.prototype.emit;

Server.prototype.emit = function (event, first, second) {
  if (event !== 'request') return emit.call(this, event, first, second);
  return storage.run({ request: first }, () => emit.call(this, event, first, second));
};
