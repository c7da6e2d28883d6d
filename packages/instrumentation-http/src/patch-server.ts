import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { emitInOwnContext, type HttpServerTracing, httpServer } from '@clew/core';
import type { HttpTools } from './http-instrumentation.ts';
import { serverView } from './server-view.ts';

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
type ServerClass = { readonly prototype: Server };
type Tracing = HttpServerTracing<IncomingMessage, ServerResponse>;

/** Patches the server of `node:http` or `node:https`. */
export function patchServer(module: unknown, tools: HttpTools): void {
  const { Server } = module as { readonly Server: ServerClass };
  patchEmit(Server, tools, () => true);
}

/**
 * Patches what a server of `node:http2` with `allowHTTP1` serves by HTTP/1.1. The class of such a server is not
 * exported; its base is the server of `node:tls`.
 */
export function patchHttp1OfHttp2(_http2: unknown, tools: HttpTools): void {
  const { IncomingMessage } = process.getBuiltinModule('node:http');
  const { Server } = process.getBuiltinModule('node:tls');
  patchEmit(Server, tools, (request) => request instanceof IncomingMessage);
}

/** `emit` is where a request reaches the application: all listeners run inside the span's context. */
function patchEmit(
  { prototype }: ServerClass,
  tools: HttpTools,
  isTraced: (request: unknown) => boolean,
): void {
  const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http');
  emitInOwnContext(tools, IncomingMessage.prototype);
  emitInOwnContext(tools, ServerResponse.prototype);
  const tracing = httpServer<IncomingMessage, ServerResponse>(tools, serverView);
  tools.wrap<Emit>(
    prototype,
    'emit',
    (emit) =>
      function (event, ...args) {
        const trace = tracerOf(event);
        if (trace === undefined || tools.options.disableIncomingRequestInstrumentation || !isTraced(args[0]))
          return emit.call(this, event, ...args);
        return trace(tracing, args, () => emit.call(this, event, ...args));
      },
  );
}

type Trace = <T>(tracing: Tracing, args: readonly unknown[], proceed: () => T) => T;

const serve: Trace = (tracing, args, proceed) =>
  tracing.serve(args[0] as IncomingMessage, args[1] as ServerResponse, proceed);
const handOver: Trace = (tracing, args, proceed) =>
  tracing.handOver(args[0] as IncomingMessage, args[1] as EventEmitter, proceed);

/** How the requests of an event are traced; Node emits one of these events for a request. */
function tracerOf(event: string | symbol): Trace | undefined {
  switch (event) {
    case 'request':
    case 'checkContinue':
    case 'checkExpectation':
      return serve;
    case 'upgrade':
    case 'connect':
      return handOver;
    default:
      return undefined;
  }
}
