import { createReadStream } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { finished, PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';

const file = fileURLToPath(import.meta.url);

export default [
  {
    name: 'pipeline over a file, a transform and zlib',
    async run({ work }) {
      const look = new Transform({
        transform(chunk, _, done) {
          work();
          done(null, chunk);
        },
      });
      const end = new Writable({
        write: (_chunk, _, done) => done(void work()),
        final: (done) => done(void work()),
      });
      await pipeline(createReadStream(file, { highWaterMark: 512 }), look, createGzip(), end);
      work();
    },
  },
  {
    name: 'stream created by a request, iterated',
    async run({ work }) {
      const stream = new PassThrough();
      setImmediate(() => stream.end('two'));
      stream.write('one');
      for await (const _ of stream) work();
    },
  },
  {
    name: 'stream created by a request, `data` and `end` events',
    run: ({ work }) =>
      new Promise((resolve) => {
        Readable.from(['one', 'two']).on('data', work).on('end', work).on('end', resolve);
      }),
  },
  {
    name: 'stream.finished',
    run: ({ work }) =>
      new Promise((resolve) => {
        const stream = createReadStream(file);
        finished(stream, () => resolve(work()));
        stream.resume();
      }),
  },
  {
    name: 'web streams',
    async run({ work }) {
      const look = new TransformStream({
        transform(chunk, out) {
          work();
          out.enqueue(chunk);
        },
      });
      const sink = new WritableStream({ write: () => void work() });
      await ReadableStream.from(['one', 'two']).pipeThrough(look).pipeTo(sink);
      work();
    },
  },
  {
    name: 'write callback of a shared stream',
    needs: 'bind',
    reason: 'the callback of a write that had to wait runs in the context of the previous write',
    open: () => new Writable({ write: (_chunk, _, done) => setImmediate(done), highWaterMark: 1 }),
    run: ({ work }, shared) =>
      new Promise((resolve) => {
        shared.write('first');
        shared.write('line', () => resolve(work()));
      }),
  },
  {
    name: 'HTTP client, kept-alive connection',
    open: openHttp,
    close({ server, agent }) {
      agent.destroy();
      server.close();
    },
    run: ({ work }, { port, agent }) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest({ port, agent, host: '127.0.0.1' }, (response) => {
          work();
          response.on('data', work).on('end', work).on('end', resolve);
        });
        sent.on('error', reject).on('socket', work).on('finish', work).end();
      }),
  },
  {
    name: 'callbacks stored in a map, called by a shared socket',
    needs: 'bind',
    reason: 'a socket reads in the context of the code that opened it',
    open: openTcp,
    close({ server, socket }) {
      socket?.destroy();
      server.close();
    },
    run: ({ work }, shared) => sentOnSharedSocket(shared, work),
  },
];

async function openHttp() {
  const server = createServer((_request, response) => response.end('served')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: server.address().port, agent: new Agent({ keepAlive: true, maxSockets: 1 }) };
}

async function openTcp() {
  const server = createTcpServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: server.address().port, socket: undefined, waiting: new Map(), next: 0 };
}

/** A simple client: it connects with the first request, and one byte is the ID of a request. */
function sentOnSharedSocket(shared, work) {
  shared.socket ??= connect(shared.port, '127.0.0.1').on('data', (bytes) => {
    for (const id of bytes) shared.waiting.get(id)();
  });
  return new Promise((resolve) => {
    const id = shared.next++;
    shared.waiting.set(id, () => resolve(work()));
    shared.socket.write(Buffer.from([id]));
  });
}
