import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { bindCallback, emitters, http } from '@clew/core/plugin';
import type { HttpTools } from './http-instrumentation.ts';
import { serverView } from './server-view.ts';

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
type Write = (this: ServerResponse, ...args: unknown[]) => unknown;
type ServerClass = { readonly prototype: Server };

/** Patches the server of `node:http` or `node:https`. */
export function patchServer(module: unknown, tools: HttpTools): void {
  const { Server } = module as { readonly Server: ServerClass };
  patchEmit(Server, tools, () => true);
}

/**
 * Patches the HTTP/1.1 requests of a `node:http2` server with `allowHTTP1`. The class of such a server is not exported;
 * it extends the server of `node:tls`.
 */
export function patchHttp1OfHttp2(_http2: unknown, tools: HttpTools): void {
  const { IncomingMessage } = process.getBuiltinModule('node:http');
  const { Server } = process.getBuiltinModule('node:tls');
  patchEmit(Server, tools, (request) => request instanceof IncomingMessage);
}

/** Patches `emit`, which passes a request to the application, so that all listeners run in the span's context. */
function patchEmit(
  { prototype }: ServerClass,
  tools: HttpTools,
  isTraced: (request: unknown) => boolean,
): void {
  const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http');
  emitters.emitInOwnContext(tools, IncomingMessage.prototype);
  emitters.emitInOwnContext(tools, ServerResponse.prototype);
  callBackInCallersContext(ServerResponse.prototype, tools);
  const tracing = http.server<IncomingMessage, ServerResponse>(tools, serverView);
  tools.wrap<Emit>(
    prototype,
    'emit',
    (emit) =>
      function (event, ...args) {
        // Node emits exactly one of these events for each request.
        const isRequest = event === 'request' || event === 'checkContinue' || event === 'checkExpectation';
        const isUpgrade = event === 'upgrade' || event === 'connect';
        const [request, response] = args as [IncomingMessage, ServerResponse];
        if (
          !(isRequest || isUpgrade) ||
          tools.options.disableIncomingRequestInstrumentation ||
          !isTraced(request)
        )
          return emit.call(this, event, ...args);
        const proceed = () => emit.call(this, event, ...args);
        return isRequest
          ? tracing.serve(request, response, proceed)
          : tracing.serveUpgrade(request, response, proceed);
      },
  );
}

/** Methods with a callback that is called once the data was written. Not every version of Node has all of them. */
const WRITE_METHODS = [
  'write',
  'end',
  'writeContinue',
  'writeEarlyHints',
  'writeInformation',
  'writeProcessing',
];

/** A response may wait for another one on its connection: then Node calls its callbacks in the context of the other. */
function callBackInCallersContext(prototype: object, tools: HttpTools): void {
  for (const name of WRITE_METHODS) {
    tools.wrap<Write>(
      ownerOf(name, prototype),
      name,
      (write) =>
        function (...args) {
          const last = args.length - 1;
          const callback = args[last];
          if (typeof callback === 'function' && emitters.contextOf(this) !== undefined)
            args[last] = bindCallback(callback);
          return write.apply(this, args);
        },
    );
  }
}

/** The prototype that defines a method, so that a replacement made there later is called as well. */
function ownerOf(name: string, prototype: object): object {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, name)) return at;
  return prototype;
}
