// What the servers of this folder share: a real HTTP server on an ephemeral port that records the requests it received.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A complete request, as received. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A running server. */
export interface HttpServer {
  /** `http://127.0.0.1:PORT` or `https://…`. */
  readonly origin: string;
  readonly requests: ReceivedRequest[];
  /** Resolves after this many requests have been received since the start. */
  received(count: number): Promise<void>;
  /** Resolves after this many more requests have been received. */
  receivedMore(count: number): Promise<void>;
  close(): Promise<void>;
}

export type Responder = (request: ReceivedRequest, response: ServerResponse) => void;

/** Certificate and key for https, PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

export async function startHttpServer(respond: Responder, tls?: ServerTls): Promise<HttpServer> {
  const requests: ReceivedRequest[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const handle = async (request: import('node:http').IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers } = request;
    const received = { method, path: url, headers, body: Buffer.concat(chunks) };
    requests.push(received);
    respond(received, response);
    waiting = waiting.filter(({ count, resolve }) => {
      if (requests.length < count) return true;
      resolve();
      return false;
    });
  };
  const server = tls === undefined ? createServer(handle) : createSecureServer(tls, handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = (count: number) =>
    requests.length >= count
      ? Promise.resolve()
      : new Promise<void>((resolve) => waiting.push({ count, resolve }));
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    received,
    receivedMore: (count) => received(requests.length + count),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
