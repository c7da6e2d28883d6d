// `node aliases.mjs import|require`: koa and its router are installed under other names (`"koa2": "npm:koa@^2"`).
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { init } from '@clew/node';

const names = [];
const processor = {
  onStart() {},
  onEnd: ({ name }) => names.push(name),
  forceFlush: async () => {},
  shutdown: async () => {},
};
init({ exporter: false, spanProcessors: [processor] });

const require = createRequire(import.meta.url);
const load = process.argv[2] === 'require' ? require : async (name) => (await import(name)).default;
const Koa = await load('koa2');
const Router = await load('koa-router10');

const router = new Router();
router.get('/orders/:id', (ctx) => {
  ctx.body = 'ok';
});
const server = http.createServer(new Koa().use(router.routes()).callback()).listen(0);
await once(server, 'listening');
const [response] = await once(http.get({ port: server.address().port, path: '/orders/7' }), 'response');
response.resume();
await once(response, 'close');
server.close();
await once(server, 'close');
console.log(JSON.stringify(names.sort()));
