// Sends one request through node:http → express → fetch → koa → knex, without any code of Clew.
const { once } = require('node:events');
const http = require('node:http');
const express = require('express');
const Koa = require('koa');
const Router = require('@koa/router').Router ?? require('@koa/router');
const knex = require('knex');
const NodeSqlite = require('./sqlite-client.cjs');

async function main() {
  const database = knex({
    client: NodeSqlite,
    connection: { filename: ':memory:' },
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
  const router = new Router();
  router.get('/stock/:id', async (context) => {
    [context.body] = await database.select(database.raw('? as pieces', [Number(context.params.id)]));
  });
  const koa = new Koa();
  koa.use(router.routes());
  const stock = koa.listen(0, '127.0.0.1');
  await once(stock, 'listening');

  const app = express();
  app.get('/orders/:id', async (request, response) => {
    const stocked = await fetch(`http://127.0.0.1:${stock.address().port}/stock/${request.params.id}`);
    response.json(await stocked.json());
  });
  const orders = app.listen(0, '127.0.0.1');
  await once(orders, 'listening');

  const [response] = await once(http.get(`http://127.0.0.1:${orders.address().port}/orders/7`), 'response');
  for await (const chunk of response) process.stdout.write(chunk);
  for (const server of [orders, stock]) {
    server.close();
    server.closeAllConnections();
  }
  await database.destroy();
}

main();
