const { once } = require('node:events');
const { text } = require('node:stream/consumers');

const { AMQP_URL, DATABASE_URL, EXCHANGE } = process.env;

/** Starts a gateway and a catalogue, sends requests through them, prints the responses and closes everything. */
exports.runShop = async function runShop(libraries) {
  const database = libraries.knex({ client: 'pg', connection: DATABASE_URL, pool: { min: 0, max: 1 } });
  await database.schema.createTable('songs', (table) => table.integer('id').primary());
  const pool = new libraries.pg.Pool({ connectionString: DATABASE_URL, max: 1 });
  const orders = await connectOrders(libraries.amqp);
  const catalogue = await startCatalogue(libraries, database, pool);
  const gateway = await startGateway(libraries, catalogue, orders);

  await send(libraries.http, gateway, 'GET', '/songs/7');
  await send(libraries.http, gateway, 'GET', '/songs/13');
  await send(libraries.http, gateway, 'POST', '/orders');
  await orders.received;

  gateway.close();
  catalogue.close();
  await orders.close();
  await pool.end();
  await database.schema.dropTable('songs');
  await database.destroy();
};

async function startCatalogue({ Koa, Router }, database, pool) {
  const router = new Router({ prefix: '/songs' });
  router.get('/:id', async (context) => {
    const { id } = context.params;
    await database.transaction((transaction) => transaction('songs').insert({ id }));
    const found = await pool.query('SELECT count(*) FROM songs WHERE id = $1', [id]);
    context.body = { pieces: Number(found.rows[0].count) };
  });
  router.get('/:id/stock', async (context) => {
    // Song 13 is in a table that does not exist.
    const table = context.params.id === '13' ? 'warehouse' : 'songs';
    context.body = await database(table).where({ id: 7 }).select('id');
  });
  const app = new Koa({ env: 'test' }).use(router.routes());
  app.on('error', (error) => console.log(`catalogue: ${error.message}`));
  return listening(app.listen(0, '127.0.0.1'));
}

async function startGateway({ express, undici }, catalogue, orders) {
  const app = express();
  app.use(function requestId(_request, response, next) {
    response.setHeader('x-request-id', '7');
    next();
  });
  app.get('/songs/:id', async (request, response) => {
    const url = `http://127.0.0.1:${catalogue.address().port}/songs/${request.params.id}`;
    const song = await (await fetch(url, { keepalive: false })).json();
    const { statusCode, body } = await undici.request(`${url}/stock`);
    await body.dump();
    if (statusCode !== 200) throw new Error(`no stock: ${statusCode}`);
    response.json(song);
  });
  app.post('/orders', async (_request, response) => {
    await orders.place({ song: 7 });
    response.status(201).end('placed');
  });
  app.use((error, _request, response, _next) => response.status(502).end(error.message));
  return listening(app.listen(0, '127.0.0.1'));
}

async function connectOrders(amqp) {
  const connection = await amqp.connect(AMQP_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(EXCHANGE, 'topic', { durable: false, autoDelete: true });
  const { queue } = await channel.assertQueue(`${EXCHANGE}.orders`, { exclusive: true });
  await channel.bindQueue(queue, EXCHANGE, 'order.*');
  let receive;
  const received = new Promise((resolve) => {
    receive = resolve;
  });
  await channel.consume(queue, (message) => {
    channel.ack(message);
    receive();
  });
  return {
    received,
    async place(order) {
      channel.publish(EXCHANGE, 'order.placed', Buffer.from(JSON.stringify(order)));
      await channel.waitForConfirms();
    },
    async close() {
      await channel.close();
      await connection.close();
    },
  };
}

async function send(http, server, method, path) {
  const request = http.request({ port: server.address().port, method, path, agent: false }).end();
  const [response] = await once(request, 'response');
  console.log(response.statusCode, await text(response));
}

async function listening(server) {
  await once(server, 'listening');
  return server;
}
