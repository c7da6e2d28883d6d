import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import express from 'express';

const app = express();
app.get('/orders/:id', async (_request, response) => {
  const [price] = await once(new Worker(new URL('price.mjs', import.meta.url), { argv: [url] }), 'message');
  response.json({ price });
});
app.get('/prices/:id', (_request, response) => response.json(12));
const server = app.listen(0);
await once(server, 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
await (await fetch(`${url}/orders/7`)).json();
server.close();
