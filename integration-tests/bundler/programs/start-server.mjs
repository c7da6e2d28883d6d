import http from 'node:http';
import express from 'express';

/** Sends one request to its own server, prints the response and exits. */
export function startServer() {
  const app = express();
  app.get('/songs/:id', (request, response) => response.end(`song ${request.params.id}\n`));
  const server = app.listen(0, '127.0.0.1', () => {
    http.get({ port: server.address().port, path: '/songs/7', agent: false }, (response) => {
      response.pipe(process.stdout);
      response.on('end', () => server.close());
    });
  });
}
