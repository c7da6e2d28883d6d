// A service that calls the next one, if there is one, and responds with the headers that each service has received.
const express = require('express');

const app = express();
app.get('/orders/:id', async (request, response) => {
  const next = process.env.NEXT === undefined ? [] : await (await fetch(process.env.NEXT)).json();
  response.json([request.headers, ...next]);
});
const server = app.listen(0, () => console.log(`http://127.0.0.1:${server.address().port}/orders/7`));
process.stdin.resume().on('end', () => {
  server.close();
  server.closeAllConnections();
});
