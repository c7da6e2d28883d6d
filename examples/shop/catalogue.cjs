// The shop's catalogue: a CommonJS service with koa, and a database through knex.
const Koa = require('koa');
const Router = require('@koa/router');
const { connect } = require('./database.cjs');

const app = new Koa({ env: 'test' });
const router = new Router({ prefix: '/products' });
const database = connect();

router.get('/', async (context) => {
  context.body = await database('products').select('id', 'name', 'price_cents').orderBy('id');
});

router.get('/:id', async (context) => {
  const product = await database('products').where({ id: context.params.id }).first();
  context.assert(product, 404, 'no such product');
  context.body = product;
});

router.get('/:id/stock', async (context) => {
  // Product 13 is in a table that does not exist, to show the trace of a failure.
  const table = context.params.id === '13' ? 'warehouse' : 'stock';
  const [stock] = await database(table).where({ product_id: context.params.id }).select('pieces');
  context.body = { pieces: stock?.pieces ?? 0 };
});

app.use(router.routes());
app.on('error', (error) => console.error(`catalogue: ${error.message}`));

database.ready.then(() => {
  const server = app.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
    console.log(`catalogue listens on http://127.0.0.1:${server.address().port}`);
  });
});
