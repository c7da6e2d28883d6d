// Three middlewares and one router with a parameter route.
const Koa = require('koa');
const { Router } = require('@koa/router');
const listen = require('./listen.cjs');

exports.start = () => {
  const app = new Koa();
  app.use(async function account(ctx, next) {
    ctx.state.account = 'guest';
    await next();
  });
  app.use(async function language(ctx, next) {
    ctx.state.language = 'en';
    await next();
  });
  app.use(async function noStore(ctx, next) {
    ctx.set('cache-control', 'no-store');
    await next();
  });
  const shop = new Router({ prefix: '/shop' });
  shop.get('/orders/:id', function order(ctx) {
    ctx.body = { id: ctx.params.id, ...ctx.state };
  });
  app.use(shop.routes());
  return listen(app.callback());
};
