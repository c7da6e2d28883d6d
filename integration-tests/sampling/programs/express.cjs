const express = require('express');
const { begin, held, logLine, release, respond, serve } = require('./work.cjs');

const app = express();
app.use((request, _response, next) => {
  request.begun = begin();
  next();
});
const shop = express.Router();
shop.get(['/orders/:id', '/items/:id'], (request, response) => {
  response.json({ ...respond(request.begun), log: logLine('served') });
});
shop.get('/fails/status/:id', (request, response) => {
  response.status(503).json(respond(request.begun));
});
shop.get('/fails/error/:id', (request, response) => {
  response.locals.body = respond(request.begun);
  throw new Error('on purpose');
});
shop.get('/held/:spans/:id', async (request, response) => {
  const { spans, id } = request.params;
  response.status(id.startsWith('fails') ? 503 : 200).json(await held(request.begun, Number(spans)));
});
shop.get('/release', (request, response) => {
  response.json({ ...respond(request.begun), released: release() });
});
app.use(shop);
app.use((_error, _request, response, _next) => response.status(500).json(response.locals.body));
const server = app.listen(0, '127.0.0.1', () => serve(server));
