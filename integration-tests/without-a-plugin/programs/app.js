// Handles one request with graphql and dataloader.
const { once } = require('node:events');
const { connect } = require('node:net');
const DataLoader = require('dataloader');
const express = require('express');
const { buildSchema, graphql } = require('graphql');

const schema = buildSchema('type Product { name: String } type Query { product(id: ID): Product }');
const products = new DataLoader(async (ids) => ids.map((id) => ({ name: `product ${id}` })));
const rootValue = { product: ({ id }) => products.load(id) };
const app = express();
app.get('/orders/:id', async (_request, response) => {
  response.json(await graphql({ schema, source: 'query Shop { product(id: 7) { name } }', rootValue }));
});
const server = app.listen(0, async () => {
  const socket = connect(server.address().port).resume();
  socket.end('GET /orders/7 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  server.close();
});
