import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { startCollector } from '../src/collector.ts';
import { BodyMemory, RequestError, readBody } from '../src/http-body.ts';
import { request } from './protobuf-bytes.ts';

const MIB = 1024 * 1024;
const HEAD = 'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n';

let server: Server;
let memory: BodyMemory;
/** What each body was, in the order of arrival: its length, or the status of the error. */
let bodies: number[];
const sockets: Socket[] = [];
beforeEach(async () => {
  memory = new BodyMemory(MIB, 2);
  bodies = [];
  server = createServer((message, response) => {
    readBody(message, 4 * MIB, memory).then(
      ({ bytes, free }) => {
        bodies.push(bytes.length);
        free();
        response.end();
      },
      (error: unknown) => {
        bodies.push(error instanceof RequestError ? error.status : 0);
        response.end();
        message.resume();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends the beginning of a request; resolves once the server has it. */
async function begin(lengthHeader = 'content-length: 10'): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket.resume());
  const arrived = once(server, 'request');
  socket.write(`${HEAD}${lengthHeader}\r\n\r\n`);
  await arrived;
  return socket;
}

async function post(body: Buffer, headers: Record<string, string> = {}): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await (await fetch(url, { method: 'POST', body, headers })).arrayBuffer();
}

test('bodies beyond the number that may be unfinished get a 503, until one has arrived or failed', async () => {
  const [first, second] = [await begin(), await begin()];
  await post(Buffer.from('x'));
  expect(bodies.splice(0)).toEqual([503]);
  first.write('0123456789');
  await once(first, 'data');
  await post(Buffer.from('x'));
  expect(bodies.splice(0)).toEqual([10, 1]);
  const third = await begin();
  await post(Buffer.from('x'));
  expect(bodies.splice(0)).toEqual([503]);
  third.destroy();
  second.destroy();
  while (bodies.length < 2) await new Promise(setImmediate);
  await post(Buffer.from('x'));
  expect(bodies).toEqual([0, 0, 1]);
});

test('a body of chunks of all sizes arrives whole', async () => {
  const parts = Array.from({ length: 3000 }, (_, index) =>
    Buffer.alloc(index % 100 === 0 ? 5000 : (index % 7) + 1, index),
  );
  const read = jest.fn();
  server.removeAllListeners('request').on('request', async (message, response) => {
    read((await readBody(message, 4 * MIB, memory)).bytes);
    response.end();
  });
  const socket = await begin('transfer-encoding: chunked');
  for (const part of parts) {
    socket.write(`${part.length.toString(16)}\r\n`);
    socket.write(part);
    socket.write('\r\n');
  }
  const answered = once(socket, 'data');
  socket.write('0\r\n\r\n');
  await answered;
  expect(Buffer.concat(parts).equals(read.mock.calls[0][0])).toBe(true);
});

test('decompressed bytes count while they are produced, so that many small bodies cannot fill the memory', async () => {
  const take = jest.spyOn(memory, 'take');
  const bomb = gzipSync(Buffer.alloc(3 * MIB));
  await post(bomb, { 'content-encoding': 'gzip' });
  expect(bodies.splice(0)).toEqual([503]);
  expect(Math.max(...take.mock.calls.map(([bytes]) => bytes))).toBeLessThanOrEqual(64 * 1024);
  await post(gzipSync(Buffer.alloc(MIB / 2)), { 'content-encoding': 'gzip' });
  expect(bodies).toEqual([MIB / 2]);
});

test('a body that does not arrive in time gets a 408, and its memory is free again', async () => {
  const limits = { maxBodyBytes: 4096, maxBodiesBytes: 4096, requestTimeoutMs: 1000 };
  const collector = await startCollector({ port: 0, ...limits });
  const socket = connect(collector.port, '127.0.0.1');
  sockets.push(socket);
  let response = '';
  socket.on('data', (data) => {
    response += data;
  });
  socket.write(`${HEAD}content-length: 4096\r\n\r\n`);
  socket.write(Buffer.alloc(4095));
  await once(socket, 'close');
  expect(response).toMatch(/^HTTP\/1\.1 408 /);
  const { status } = await fetch(`${collector.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: request(),
  });
  expect(status).toBe(200);
  await collector.close();
});

test.each([0, 1.5, Number.POSITIVE_INFINITY])('rejects the time %d', async (requestTimeoutMs) => {
  await expect(startCollector({ port: 0, requestTimeoutMs })).rejects.toThrow(
    `@clew/viewer: expected requestTimeoutMs in [1, 2147483647], got ${requestTimeoutMs}`,
  );
});
