import express from 'express';

test('responds', async () => {
  const server = express()
    .get('/orders/:id', (request, response) => response.json({ id: request.params.id }))
    .listen(0);
  const response = await fetch(`http://127.0.0.1:${server.address().port}/orders/7`);
  expect(await response.json()).toEqual({ id: '7' });
  await new Promise((resolve) => server.close(resolve));
});
