// What hangs on a request that a server took: its connection feeds it, and may be another request's as well.
import { Agent, request as httpRequest } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { finished, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { context, propagation } from '@opentelemetry/api';
import busboy from 'busboy';
import express from 'express';
import Koa from 'koa';
import { generate } from 'selfsigned';
import { WebSocket, WebSocketServer } from 'ws';
import { close, closed, open, route, send, upload } from './served.mjs';

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
});

/** Reads a body in two packets with listeners, and responds. */
const readWithListeners = (work) => (request, response, next) => {
  request.on('data', work).once('data', next).on('end', work).on('close', work);
  request.on('end', () => response.end('read'));
  response.on('finish', work).on('close', work);
};

const sink = (work) =>
  new Writable({
    write: (_chunk, _, done) => done(void work()),
    final: (done) => done(void work()),
  });

const form = (boundary) => [
  `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\none`,
  `two\r\n--${boundary}--\r\n`,
];

export default [
  {
    way: 'request that a server took, its data and end events',
    open,
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    way: 'the same by https',
    open: () => open((listener) => createTlsServer({ key, cert }, listener), { rejectUnauthorized: false }),
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work), { request: httpsRequest }),
  },
  {
    way: 'the same by HTTP/1.1 on a server of http2',
    open: () =>
      open((listener) => createSecureServer({ key, cert, allowHTTP1: true }, listener), {
        rejectUnauthorized: false,
        agent: false,
      }),
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work), { request: httpsRequest }),
  },
  {
    way: 'the same on a connection that requests share',
    open: () => open(undefined, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) }),
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    way: 'request that a server took, its readable events',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(shared, (request, response, next) => {
        request.on('readable', () => {
          work();
          while (request.read() !== null) next();
        });
        request.on('end', () => response.end(void work()));
      }),
  },
  {
    way: 'request that a server took, iterated',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(shared, async (request, response, next) => {
        for await (const _ of request) {
          work();
          next();
        }
        response.end();
        work();
      }),
  },
  {
    way: 'request that a server took, piped',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(shared, (request, response, next) => {
        const through = new PassThrough().on('data', work).once('data', next).on('end', work);
        request
          .pipe(through)
          .pipe(sink(work))
          .on('pipe', work)
          .on('finish', () => response.end(void work()));
      }),
  },
  {
    way: 'request that a server took, in a pipeline',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(shared, async (request, response, next) => {
        request.once('data', next);
        await pipeline(request, createGzip(), sink(work));
        work();
        response.end();
      }),
  },
  {
    way: 'request that a server took, as a web stream',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(shared, async (request, response, next) => {
        request.once('data', next);
        const look = new TransformStream({ transform: (chunk, out) => out.enqueue(chunk, work()) });
        await Readable.toWeb(request)
          .pipeThrough(look)
          .pipeTo(new WritableStream({ write: () => work() }));
        response.end();
      }),
  },
  {
    way: 'request that a server took, upload read by busboy',
    open,
    close,
    hand: ({ work }, shared) =>
      upload(
        shared,
        (request, response, next) => {
          const parts = busboy({ headers: request.headers });
          parts.on('file', (_name, file) => {
            work();
            file.on('data', work).on('end', work);
          });
          parts.on('close', () => response.end(void work()));
          request.pipe(parts);
          request.once('data', next);
        },
        { pieces: form('edge'), headers: { 'content-type': 'multipart/form-data; boundary=edge' } },
      ),
  },
  {
    way: 'request that a server took, its client goes away',
    open,
    close,
    hand: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const sent = send(shared, (request, response) => {
          request.on('data', work).once('data', () => sent.destroy());
          request.on('aborted', work).on('error', work).on('close', work);
          response.on('close', work);
          finished(request, work);
          finished(response, work);
          Promise.all([closed(request), closed(response)]).then(resolve, reject);
        });
        sent.write('one');
      }),
  },
  {
    way: 'request that a server took, time-outs',
    open,
    close,
    hand: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const sent = send(shared, (request, response) => {
          request.setTimeout(20, work);
          response.setTimeout(20, () => response.destroy(void work()));
          closed(response).then(resolve, reject);
        });
        sent.end('one');
      }),
  },
  {
    way: 'response to a request, what its writing calls back',
    open: () => open(undefined, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) }),
    close,
    hand: ({ work }, shared) =>
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
    way: 'response that waits for another on its connection, what its writing calls back',
    open,
    close,
    hand: ({ work }, shared) =>
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
        const head = (path, line) => `GET ${path} HTTP/1.1\r\nHost: ways\r\n${line}\r\n`;
        const { host, port } = shared.address;
        const socket = connect(port, host).resume();
        socket.on('error', reject).on('close', resolve);
        socket.write(`${head(slow, '')}${head(quick, `Traceparent: ${carrier.traceparent}\r\n`)}`);
      }),
  },
  {
    way: 'server-sent events, until the client goes away',
    open,
    close,
    hand: ({ work }, shared) =>
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
    way: 'WebSocket, its messages',
    open: openWebSocket,
    close,
    hand: ({ work }, shared) =>
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
    way: 'tunnel that CONNECT opened, its socket',
    open: async () => {
      const shared = await open();
      shared.server.on('connect', (request, socket) => shared.serves.get(`/${request.url}`)(socket));
      return shared;
    },
    close,
    hand: ({ work }, shared) =>
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
    way: 'express, the body and the end of a request',
    open: () => open((listener) => express().use(listener).listen(0, '127.0.0.1')),
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    way: 'koa, the body and the end of a request',
    open: () => open(openKoa),
    close,
    hand: ({ work }, shared) => upload(shared, readWithListeners(work)),
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
  return process.getBuiltinModule('node:http').createServer(app.callback());
}
