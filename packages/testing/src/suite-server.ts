import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** A request, as passed to the handlers of suites. */
export interface SuiteRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  header(name: string): string | undefined;
  /** The parameters of the route; empty without a route. */
  readonly params: Readonly<Record<string, string>>;
  /** The library's own request, a stream of the body. */
  readonly incoming: Readable;
  /** The library's own response. Only the suite for servers needs it. */
  readonly outgoing?: Writable;
}

/** The response of a handler; by default status 200 without a body. */
export interface SuiteResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A handler of a suite; it may throw, reject or never respond. */
export type SuiteHandler = (request: SuiteRequest) => SuiteResponse | Promise<SuiteResponse>;

/** A listening server. */
export interface Listening {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Closes the server and all its connections. */
  close(): Promise<void>;
}

/** Converts a suite's handler to a listener of `node:http`. */
export function requestListener(handler: SuiteHandler): RequestListener {
  return async (request, response) => {
    const {
      status = 200,
      headers = {},
      body = '',
    } = await handler({
      ...suiteRequest(request),
      outgoing: response,
    });
    response.writeHead(status, headers).end(body);
  };
}

/** Converts a request of `node:http` for the handlers of suites. */
export function suiteRequest(request: IncomingMessage, params: SuiteRequest['params'] = {}): SuiteRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    header: (name) => request.headers[name]?.toString(),
    params,
    incoming: request,
  };
}

/** Starts a server on a free local port. */
export async function listenOn(server: Server, scheme: 'http' | 'https' = 'http'): Promise<Listening> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Runs `work` with a server, and closes the server in any case. */
export async function whileServing<T>(
  starting: Promise<Listening>,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = await starting;
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}
