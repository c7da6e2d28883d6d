// Serves with the framework that is named, as an ES module. The MeterProvider is set after everything is loaded.
import { call } from './call.cjs';
import { measure } from './measure.cjs';
import servers from './servers.cjs';

const load = {
  express: async () => [(await import('express')).default],
  koa: async () => [(await import('koa')).default, (await import('@koa/router')).Router],
  fastify: async () => [(await import('fastify')).default],
  hapi: async () => [await import('@hapi/hapi')],
};
const [, , name] = process.argv;
const server = await servers[name](...(await load[name]()));
const print = measure();
await call(server.address().port);
await print();
process.exit();
