// Events of an incoming request. They come from its connection, which may serve other requests as well.
import { Agent } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer, request as httpsRequest } from 'node:https';
import { finished, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import busboy from 'busboy';
import { generate } from 'selfsigned';
import { close, closed, open, readWithListeners, send, upload } from './served.mjs';

const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
  keyType: 'ec',
});

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
    name: 'incoming request, `data` and `end` events',
    open,
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    name: 'the same over HTTPS',
    open: () => open((listener) => createTlsServer({ key, cert }, listener), { rejectUnauthorized: false }),
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work), { request: httpsRequest }),
  },
  {
    name: 'the same over HTTP/1.1 on an `http2` server',
    open: () =>
      open((listener) => createSecureServer({ key, cert, allowHTTP1: true }, listener), {
        rejectUnauthorized: false,
        agent: false,
      }),
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work), { request: httpsRequest }),
  },
  {
    name: 'the same on a shared connection',
    open: () => open(undefined, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) }),
    close,
    run: ({ work }, shared) => upload(shared, readWithListeners(work)),
  },
  {
    name: 'incoming request, `readable` events',
    open,
    close,
    run: ({ work }, shared) =>
      upload(shared, (request, response, next) => {
        request.on('readable', () => {
          work();
          while (request.read() !== null) next();
        });
        request.on('end', () => response.end(void work()));
      }),
  },
  {
    name: 'incoming request, iterated',
    open,
    close,
    run: ({ work }, shared) =>
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
    name: 'incoming request, piped',
    open,
    close,
    run: ({ work }, shared) =>
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
    name: 'incoming request, in a pipeline',
    open,
    close,
    run: ({ work }, shared) =>
      upload(shared, async (request, response, next) => {
        request.once('data', next);
        await pipeline(request, createGzip(), sink(work));
        work();
        response.end();
      }),
  },
  {
    name: 'incoming request, as a web stream',
    open,
    close,
    run: ({ work }, shared) =>
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
    name: 'incoming request, upload read by busboy',
    open,
    close,
    run: ({ work }, shared) =>
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
    name: 'incoming request, client disconnects',
    open,
    close,
    run: ({ work }, shared) =>
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
    name: 'incoming request, timeouts',
    open,
    close,
    run: ({ work }, shared) =>
      new Promise((resolve, reject) => {
        const sent = send(shared, (request, response) => {
          request.setTimeout(20, work);
          response.setTimeout(20, () => response.destroy(void work()));
          closed(response).then(resolve, reject);
        });
        sent.end('one');
      }),
  },
];
