import type { ClientRequest, IncomingMessage } from 'node:http';
import { currentContext, emitters, type HttpClientTracing, http } from '@clew/core/plugin';
import { watchResponseTimeout, watchTimeout } from './client-cancellation.ts';
import { socketPathOf, watchConnections } from './client-connection.ts';
import { clientView } from './client-view.ts';
import type { HttpTools } from './http-instrumentation.ts';

type Client = HttpClientTracing<ClientRequest, IncomingMessage>;

/**
 * Traces Node's client through its diagnostics channels, whichever of its modules the application loads. All listeners
 * of a request and its response run in the context of the request's caller: Node calls them from the socket, which
 * another request may have opened.
 */
export function watchClient(tools: HttpTools): void {
  const client: Client = http.client<ClientRequest, IncomingMessage>(tools, clientView);
  let isPrepared = false;
  tools.subscribe('http.client.request.created', (message) => {
    // The module is loaded now, even if no hook was called for it.
    if (!isPrepared) patchClient(process.getBuiltinModule('node:http'), tools);
    isPrepared = true;
    if (tools.options.disableOutgoingRequestInstrumentation) return;
    const { request } = message as { request: ClientRequest };
    emitters.setContext(request, currentContext());
    if (!client.start(request)) return;
    watchTimeout(request);
    emitters.onClose(request, () => onClosed(client, request));
  });
  tools.subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const caller = emitters.contextOf(request);
    if (caller !== undefined) emitters.setContext(response, caller);
    if (!client.responded(request, response)) return;
    const { remoteAddress, remotePort } = request.socket ?? {};
    client.connected(request, remoteAddress ?? socketPathOf(request), remotePort);
    watchResponseTimeout(response);
  });
  tools.subscribe('http.client.request.error', (message) => {
    const { request, error } = message as { request: ClientRequest; error: unknown };
    client.fail(request, error);
  });
}

/**
 * Patches the client of `node:http`, before its first request if possible: then the first request has its peer. A prototype
 * that changes later makes V8 drop what it knows about requests and responses, those of the server included. If V8 has not
 * optimized the server before the first export, a sampled request then takes a tenth more instructions (counted with
 * `benchmarks/instructions.mjs`, in rounds of 100 requests).
 */
export function patchClient(nodeHttp: typeof import('node:http'), tools: HttpTools): void {
  const { Agent, ClientRequest, IncomingMessage } = nodeHttp;
  tools.once(ClientRequest.prototype, () => {
    watchConnections(Agent.prototype, tools);
    emitters.emitInOwnContext(tools, ClientRequest.prototype);
    emitters.emitInOwnContext(tools, IncomingMessage.prototype);
  });
}

/**
 * Called when the response was read to its end, or when the connection closed. A response that the application destroyed
 * has no error; one that the peer aborted has one.
 */
function onClosed(client: Client, request: ClientRequest): void {
  const { res: response } = request as { res?: (IncomingMessage & { upgrade?: boolean | null }) | null };
  // Node publishes no message for the response to an upgrade.
  if (response?.upgrade) client.responded(request, response);
  const fault = response?.errored;
  if (fault) client.fail(request, fault);
  else client.end(request);
}
