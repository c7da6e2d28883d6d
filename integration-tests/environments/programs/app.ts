// A CommonJS module with types, for Node.js itself and for every tool that compiles TypeScript.
const express: typeof import('express') = require('express');

interface Order {
  readonly id: string;
}

const app = express();
app.get('/orders/:id', (request, response) => {
  const order: Order = { id: request.params.id };
  response.json(order);
});
const server = app.listen(0, async () => {
  const address = server.address() as { port: number };
  await (await fetch(`http://127.0.0.1:${address.port}/orders/7`)).json();
  server.close();
});
