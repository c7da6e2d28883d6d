import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type HttpServerOptions, http } from '@clew/core/plugin';
import { type Listening, listenOn } from './suite-server.ts';
import { suiteTools } from './suite-tools.ts';

const options: HttpServerOptions<IncomingMessage, ServerResponse> = {
  trust: undefined,
  ignoreIncomingRequestHook: undefined,
  suppressTracingInIgnoredRequests: false,
  startIncomingSpanHook: undefined,
  requestHook: undefined,
  responseHook: undefined,
  redactedQueryParams: [],
  capturedRequestHeaders: [],
  capturedResponseHeaders: [],
};

/** Starts a server of `node:http` whose SERVER spans core's template creates, so that framework tests need no HTTP plugin. */
export function listenTraced(listener: RequestListener): Promise<Listening> {
  const tracing = http.server<IncomingMessage, ServerResponse>(suiteTools(options), {
    method: (request) => request.method ?? 'GET',
    target: (request) => request.url ?? '/',
    scheme: () => 'http',
    headers: (request) => request.headers,
    protocolVersion: (request) => request.httpVersion,
    localPort: ({ socket }) => socket.localPort,
    peer: ({ socket }) => ({ address: socket.remoteAddress, port: socket.remotePort }),
    connection: ({ socket }) => socket,
    status: (response) => response.statusCode,
    headersSent: (response) => response.headersSent,
    responseHeader: (response, name) => response.getHeader(name),
    onClose: (response, listener) => response.once('close', listener),
  });
  return listenOn(
    createServer((request, response) => tracing.serve(request, response, () => listener(request, response))),
  );
}
