import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decodeTraces } from '@clew/viewer';

/** A faulty OTLP receiver. */
export interface BadCollector {
  readonly url: string;
  /** The number of accepted spans: those of requests that got a success response. */
  accepted(): number;
  close(): Promise<void>;
}

/** Responds to the request with this number; the first is 1. */
type Respond = (response: ServerResponse, count: number) => void;

const status =
  (code: number, headers: Record<string, string> = {}): Respond =>
  (response) =>
    void response.writeHead(code, headers).end();

/** Receivers by their fault. All of them use real sockets. */
export const BAD_COLLECTORS: Readonly<Record<string, () => Promise<BadCollector>>> = {
  'is unreachable': async () => ({ url: 'http://127.0.0.1:1', accepted: () => 0, close: async () => {} }),
  'is slow': () => overHttp((response) => setTimeout(() => response.end(), 100)),
  'responds with 429 and Retry-After, twice': () =>
    overHttp((response, count) =>
      count <= 2 ? status(429, { 'retry-after': '1' })(response, count) : response.end(),
    ),
  'responds with 503': () => overHttp(status(503)),
  'responds with 400': () => overHttp(status(400)),
  'redirects to another address': () => overHttp(status(302, { location: 'http://127.0.0.1:1/' })),
  'never responds': () => overTcp(() => {}),
  'responds with garbage': () =>
    overTcp((socket) => void socket.once('data', () => socket.end('\0\r\n garbage \r\n'))),
  'resets connections': () => overTcp((socket) => void socket.resetAndDestroy()),
};

async function overHttp(respond: Respond): Promise<BadCollector> {
  let count = 0;
  let accepted = 0;
  const listener: RequestListener = async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    const { length } = decodeTraces(body, request.headers['content-type'] ?? '');
    response.on('finish', () => {
      if (response.statusCode === 200) accepted += length;
    });
    respond(response, ++count);
  };
  const server = createServer(listener);
  return {
    url: await listen(server),
    accepted: () => accepted,
    close: () => close(server, () => server.closeAllConnections()),
  };
}

async function overTcp(onConnection: (socket: Socket) => void): Promise<BadCollector> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  const url = await listen(server);
  return {
    url,
    accepted: () => 0,
    close: () => close(server, () => sockets.forEach((socket) => void socket.destroy())),
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server, closeConnections: () => void): Promise<void> {
  server.close();
  closeConnections();
  await once(server, 'close');
}
