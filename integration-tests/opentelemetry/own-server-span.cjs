// Applications whose middleware creates its own SERVER span.
const { once } = require('node:events');
const { connect } = require('node:net');
const { context, SpanKind, trace } = require('@opentelemetry/api');
const { RPCType, setRPCMetadata } = require('@opentelemetry/core');
const { Router } = require('@koa/router');
const express = require('express');
const Koa = require('koa');

const tracer = trace.getTracer('application');

function inOwnSpan(name, response, next) {
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER });
  const metadata = { type: RPCType.HTTP, span };
  response.once('finish', () => {
    span.setAttribute('http.route', metadata.route ?? 'none');
    span.end();
  });
  return context.with(setRPCMetadata(trace.setSpan(context.active(), span), metadata), next);
}

const onExpress = express();
onExpress.use((_request, response, next) => inOwnSpan('express', response, next));
onExpress.get('/songs/:id', (_request, response, next) => {
  response.locals.song = 'ok';
  next();
});
onExpress.use((_request, response) => response.send(response.locals.song));

const onKoa = new Koa();
const router = new Router();
router.get('/songs/:id', (ctx) => {
  ctx.body = 'ok';
});
onKoa.use((ctx, next) => inOwnSpan('koa', ctx.res, next)).use(router.routes());

const main = async () => {
  for (const application of [onExpress, onKoa]) {
    const server = application.listen(0);
    await once(server, 'listening');
    // A client that is not traced.
    const socket = connect(server.address().port);
    socket.resume().write('GET /songs/7 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n');
    await once(socket, 'close');
    server.close();
  }
};
main();
