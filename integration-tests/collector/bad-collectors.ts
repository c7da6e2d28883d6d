import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decodeTraces } from '@clew/viewer';

/** A faulty OTLP receiver. */
export interface BadCollector {
  readonly url: string;
  /** The accepted spans: those of requests with a success response. */
  taken(): number;
  close(): Promise<void>;
}

/** The response of a receiver to its n-th request. */
type Answer = (response: ServerResponse, turn: number) => void;

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end();

/** Receivers by their fault, all over real sockets. */
export const BAD_COLLECTORS: Readonly<Record<string, () => Promise<BadCollector>>> = {
  'is not there': async () => ({ url: 'http://127.0.0.1:1', taken: () => 0, close: async () => {} }),
  'is slow': () => overHttp((response) => setTimeout(() => response.end(), 100)),
  'answers 429 with Retry-After, twice': () =>
    overHttp((response, turn) =>
      turn <= 2 ? status(429, { 'retry-after': '1' })(response, turn) : response.end(),
    ),
  'answers 503': () => overHttp(status(503)),
  'answers 400': () => overHttp(status(400)),
  'redirects to elsewhere': () => overHttp(status(302, { location: 'http://127.0.0.1:1/' })),
  hangs: () => overTcp(() => {}),
  'answers garbage': () =>
    overTcp((socket) => void socket.once('data', () => socket.end('\0\r\n garbage \r\n'))),
  'resets connections': () => overTcp((socket) => void socket.resetAndDestroy()),
};

async function overHttp(answer: Answer): Promise<BadCollector> {
  let turn = 0;
  let taken = 0;
  const listener: RequestListener = async (request, response) => {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    const { length } = decodeTraces(body, request.headers['content-type'] ?? '');
    response.on('finish', () => {
      if (response.statusCode === 200) taken += length;
    });
    answer(response, ++turn);
  };
  const server = createServer(listener);
  return {
    url: await listen(server),
    taken: () => taken,
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
    taken: () => 0,
    close: () => close(server, () => sockets.forEach((socket) => void socket.destroy())),
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server, cutOff: () => void): Promise<void> {
  server.close();
  cutOff();
  await once(server, 'close');
}
