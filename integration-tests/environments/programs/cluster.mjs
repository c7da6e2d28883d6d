import cluster from 'node:cluster';

if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const { default: express } = await import('express');
  const app = express();
  app.get('/orders/:id', (request, response) => response.json({ id: request.params.id }));
  const server = app.listen(0, async () => {
    await (await fetch(`http://127.0.0.1:${server.address().port}/orders/7`)).json();
    cluster.worker.disconnect();
  });
}
