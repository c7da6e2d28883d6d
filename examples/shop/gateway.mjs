// The shop's gateway: an ES module with express that calls the catalogue with fetch, and the orders over AMQP.
import express from 'express';
import { connectOrders } from './order-client.mjs';

const { AMQP_URL, CATALOGUE_URL, PORT = '0' } = process.env;
const placeOrder = AMQP_URL ? await connectOrders(AMQP_URL) : undefined;

const app = express();

app.use(function requestId(request, response, next) {
  response.setHeader('x-request-id', request.get('x-request-id') ?? crypto.randomUUID());
  next();
});

const products = express.Router();

products.get('/', async (_request, response) => {
  response.json(await fromCatalogue('/products'));
});

products.get('/:id', async (request, response) => {
  const [product, stock] = await Promise.all([
    fromCatalogue(`/products/${encodeURIComponent(request.params.id)}`),
    fromCatalogue(`/products/${encodeURIComponent(request.params.id)}/stock`),
  ]);
  response.json({ ...product, ...stock });
});

app.use('/products', products);

app.post('/orders', express.json(), async (request, response) => {
  if (placeOrder === undefined) throw Object.assign(new Error('orders are closed'), { status: 503 });
  const { error, ...order } = await placeOrder(request.body);
  response.status(error ? 422 : 201).json(error ? { error } : order);
});

app.use((error, _request, response, _next) => {
  response.status([404, 503].includes(error.status) ? error.status : 502).json({ error: error.message });
});

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`gateway listens on http://127.0.0.1:${server.address().port}`);
});

async function fromCatalogue(path) {
  const response = await fetch(`${CATALOGUE_URL}${path}`);
  if (!response.ok) {
    throw Object.assign(new Error(`the catalogue responded with ${response.status}`), {
      status: response.status,
    });
  }
  return response.json();
}
