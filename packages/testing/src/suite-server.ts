import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** A request as the suites' handlers see it. */
export interface SuiteRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  header(name: string): string | undefined;
  /** What the route's parameters matched; empty where there is no route. */
  readonly params: Readonly<Record<string, string>>;
  /** The library's own request: its body and its events. */
  readonly incoming: Readable;
  /** The library's own response, in the suite of servers only. */
  readonly outgoing?: Writable;
}

/** What a handler answers; status 200 and nothing else by default. */
export interface SuiteAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A handler of a suite; it may throw, reject or never answer. */
export type SuiteHandler = (request: SuiteRequest) => SuiteAnswer | Promise<SuiteAnswer>;

/** A server that listens. */
export interface Listening {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Closes the server and whatever connections there are. */
  close(): Promise<void>;
}

/** Makes a listener of `node:http` of a suite's handler. */
export function answering(handler: SuiteHandler): RequestListener {
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

/** A request of `node:http` as the suites' handlers see it. */
export function suiteRequest(request: IncomingMessage, params: SuiteRequest['params'] = {}): SuiteRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    header: (name) => request.headers[name]?.toString(),
    params,
    incoming: request,
  };
}

/** Lets a server listen on a free port of this machine. */
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

/** Works with a server and closes it whatever happens. */
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
