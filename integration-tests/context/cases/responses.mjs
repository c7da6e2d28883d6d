// Callbacks of a response, work after it, and requests served by frameworks.
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { context, propagation } from '@opentelemetry/api';
import express from 'express';
import Koa from 'koa';
import { WebSocket, WebSocketServer } from 'ws';
import { close, closed, open, readWithListeners, route, send, upload } from './served.mjs';

export default [
  {
    name: 'response, write callbacks',
    open: () => open(undefined, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) }),
    close,
    run: ({ work }, shared) =>
      upload(shared, (request, response, next) => {
        request.once('data', next).on('end', () => {
          response.on('drain', work).on('prefinish', work).on('finish', work);
          const write = () => response.write('x'.repeat(100_000), work);
          while (write());
          response.once('drain', () => response.end('end', work));
        });
      }),
  },
  {
    name: 'pipelined response that waits for another one, write callbacks',
    open,
    close,
    run: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const slow = route(shared, (_request, response) => setTimeout(() => response.end('slow'), 5));
        const quick = route(shared, (_request, response) => {
          response.writeProcessing(work);
          response.writeEarlyHints({ link: '</style.css>; rel=preload' }, work);
          response.write('one', work);
          response.write('two', 'utf8', work);
          response.on('finish', work).end('three', work);
          closed(response).then(() => socket.end());
        });
        const carrier = {};
        propagation.inject(context.active(), carrier);
        const head = (path, line) => `GET ${path} HTTP/1.1\r\nHost: cases\r\n${line}\r\n`;
        const { host, port } = shared.address;
        const socket = connect(port, host).resume();
        socket.on('error', reject).on('close', resolve);
        socket.write(`${head(slow, '')}${head(quick, `Traceparent: ${carrier.traceparent}\r\n`)}`);
      }),
  },
  {
    name: 'server-sent events, until the client disconnects',
    open,
    close,
    run: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const sent = send(
          shared,
          (_request, response) => {
            const timer = setInterval(() => response.write(`data: ${void work()}\n\n`), 5);
            response.on('close', () => clearInterval(timer, work()));
            closed(response).then(resolve, reject);
          },
          { method: 'GET' },
        );
        sent.on('response', (response) => response.once('data', () => sent.destroy()));
        sent.end();
      }),
  },
  {
    name: 'WebSocket, messages',
    open: openWebSocket,
    close,
    run: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const { host, port } = shared.address;
        const path = route(shared, (socket, request) => {
          work();
          request.on('close', work);
          socket.on('message', work).on('ping', work).on('close', work);
          socket.on('message', (text) => socket.send(`${text}`, work));
          closed(socket).then(resolve, reject);
        });
        const client = new WebSocket(`ws://${host}:${port}${path}`);
        const messages = ['two', 'three'];
        client.on('error', reject).on('open', () => client.send('one'));
        client.on('message', () => {
          const next = messages.shift();
          client.ping();
          if (next === undefined) client.close();
          else client.send(next);
        });
      }),
  },
  {
    name: 'CONNECT tunnel, socket events',
    open: async () => {
      const shared = await open();
      shared.server.on('connect', (request, socket) => shared.serves.get(`/${request.url}`)(socket));
      return shared;
    },
    close,
    run: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const path = route(shared, (socket) => {
          work();
          socket.write('HTTP/1.1 200 Connected\r\n\r\n');
          socket.on('data', work).on('end', () => socket.end(void work()));
          closed(socket.on('close', work)).then(resolve, reject);
        });
        const sent = httpRequest({ ...shared.address, path: path.slice(1), method: 'CONNECT', agent: false });
        sent.on('error', reject).on('connect', (_response, socket) => {
          socket.write('one');
          setTimeout(() => socket.end('two'), 5);
        });
        sent.end();
      }),
  },
  {
    name: 'Express, body and end of a request',
    open: () => open((listener) => express().use(listener).listen(0, '127.0.0.1')),
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    name: 'Koa, body and end of a request',
    open: () => open(openKoa),
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
];

async function openWebSocket() {
  const shared = await open();
  const sockets = new WebSocketServer({ server: shared.server });
  sockets.on('connection', (socket, request) => shared.serves.get(request.url)(socket, request));
  return shared;
}

/** Koa responds by itself when the request has been read. */
function openKoa(listener) {
  const app = new Koa();
  app.use(async (context) => {
    context.respond = false;
    listener(context.req, context.res);
  });
  return createServer(app.callback());
}
