// A real OTLP receiver on an ephemeral port with responses set by the test.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeRequest, type OtlpRequest, type OtlpSpan, spansOf } from './otlp-decoder.ts';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  readonly body: Buffer;
  readonly request: OtlpRequest;
  readonly socket: Socket;
  readonly at: number;
}

type Responder = (response: ServerResponse, received: Received) => void;

export interface Collector {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Spans of all requests received, whatever the response was. */
  spans(): OtlpSpan[];
  /** Responses to the next requests, in order; 200 without a body afterwards. */
  respondWith(...responders: Responder[]): void;
  /** Resolves after this many requests have been received. */
  requests(count: number): Promise<void>;
  close(): Promise<void>;
}

export const status =
  (code: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Responder =>
  (response) =>
    response.writeHead(code, headers).end(body);

export async function startCollector(port = 0): Promise<Collector> {
  const received: Received[] = [];
  const responders: Responder[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const isJson = request.headers['content-type'] === 'application/json';
    const one: Received = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      bytes: raw.length,
      body,
      request: isJson ? (JSON.parse(body.toString()) as OtlpRequest) : decodeRequest(body),
      socket: request.socket,
      at: performance.now(),
    };
    received.push(one);
    (responders.shift() ?? status(200))(response, one);
    waiting = waiting.filter(({ count, resolve }) => {
      if (received.length < count) return true;
      resolve();
      return false;
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${chosen}/v1/traces`,
    port: chosen,
    received,
    spans: () => received.flatMap(({ request }) => spansOf(request)),
    respondWith: (...next) => void responders.push(...next),
    requests: (count) =>
      received.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push({ count, resolve })),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
