// Sends one request to its own server, and keeps listening if it is asked to.
const express = require('express');
const app = express();
app.get('/orders/:id', (request, response) => response.json({ id: request.params.id }));
const server = app.listen(0, async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/orders/7`);
  await response.json();
  if (!process.env.KEEP_LISTENING) server.close();
});
