// The same server with each framework: `/orders/:id` responds, `/broken/:id` fails. Each returns a listening server.
class OrderError extends Error {}
const fail = () => {
  throw new OrderError('broken');
};
const listen = async (server) => {
  server.listen(0);
  await require('node:events').once(server, 'listening');
  return server;
};

exports.express = (express) => {
  const app = express();
  app.get('/orders/:id', (_request, response) => response.end('order'));
  app.get('/broken/:id', fail);
  app.use((_error, _request, response, _next) => response.status(500).end());
  return listen(require('node:http').createServer(app));
};

exports.koa = (Koa, Router) => {
  const router = new Router();
  router.get('/orders/:id', (ctx) => {
    ctx.body = 'order';
  });
  router.get('/broken/:id', fail);
  const app = new Koa({ silent: true });
  app.silent = true;
  app.use(router.routes());
  return listen(require('node:http').createServer(app.callback()));
};

exports.fastify = async (fastify) => {
  const app = fastify();
  app.get('/orders/:id', async () => 'order');
  app.get('/broken/:id', async () => fail());
  await app.listen({ port: 0 });
  return app.server;
};

exports.hapi = async ({ server: create }) => {
  const server = create({ port: 0, debug: false });
  server.route({ method: 'GET', path: '/orders/{id}', handler: () => 'order' });
  server.route({ method: 'GET', path: '/broken/{id}', handler: fail });
  await server.start();
  return server.listener;
};
