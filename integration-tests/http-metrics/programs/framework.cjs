// Serves with the framework that is named, as CommonJS. The MeterProvider is set after everything is loaded.
const load = {
  express: () => [require('express')],
  koa: () => [require('koa'), require('@koa/router').Router],
  fastify: () => [require('fastify')],
  hapi: () => [require('@hapi/hapi')],
};
const servers = require('./servers.cjs');
const { call } = require('./call.cjs');
const { measure } = require('./measure.cjs');

(async () => {
  const [, , name] = process.argv;
  const server = await servers[name](...load[name]());
  const print = measure();
  await call(server.address().port);
  await print();
  process.exit();
})();
