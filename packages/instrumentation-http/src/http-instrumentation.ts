import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  DESTINATIONS_EXPECTED,
  defineInstrumentation,
  flag,
  type HttpClientTracing,
  hook,
  httpClient,
  httpServer,
  isDestinations,
  isTrustOption,
  type OptionsOf,
  REDACTED_QUERY_PARAMS,
  shaped,
  strings,
  type Tools,
  TRUST_EXPECTED,
} from '@clew/core';
import type { Span } from '@opentelemetry/api';
import { watchConnections } from './client-connection.ts';
import { clientView } from './client-view.ts';
import { serverView } from './server-view.ts';

declare const __VERSION__: string;

type SpanHook<Info> = (span: Span, info: Info) => void;

const options = {
  disableIncomingRequestInstrumentation: flag(false),
  disableOutgoingRequestInstrumentation: flag(false),
  trust: shaped(TRUST_EXPECTED, isTrustOption),
  propagateTo: shaped(DESTINATIONS_EXPECTED, isDestinations),
  propagateBaggageTo: shaped(DESTINATIONS_EXPECTED, isDestinations),
  ignoreIncomingRequestHook: hook<(request: IncomingMessage) => boolean>(),
  ignoreOutgoingRequestHook: hook<(request: ClientRequest) => boolean>(),
  requireParentforOutgoingSpans: flag(false),
  requestHook: hook<SpanHook<IncomingMessage>>(),
  responseHook: hook<SpanHook<ServerResponse>>(),
  outgoingRequestHook: hook<SpanHook<ClientRequest>>(),
  outgoingResponseHook: hook<SpanHook<IncomingMessage>>(),
  redactedQueryParams: strings(REDACTED_QUERY_PARAMS),
  capturedRequestHeaders: strings([]),
  capturedResponseHeaders: strings([]),
  capturedOutgoingRequestHeaders: strings([]),
  capturedOutgoingResponseHeaders: strings([]),
} as const;

type HttpTools = Tools<OptionsOf<typeof options>>;
/** What a server emits for a request: the latter two instead of the first, when the program listens to them. */
const REQUEST_EVENTS: readonly unknown[] = ['request', 'checkContinue', 'checkExpectation'];

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;

/** Traces `node:http` and `node:https`: SERVER spans of requests served, CLIENT spans of requests made. */
export const HttpInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-http',
  version: __VERSION__,
  options,
  targets: [
    { module: 'http', versions: ['*'], patch: patchHttp },
    { module: 'https', versions: ['*'], patch: patchServer },
  ],
});

export type HttpInstrumentation = InstanceType<typeof HttpInstrumentation>;

function patchHttp(http: unknown, tools: HttpTools): void {
  patchServer(http, tools);
  watchConnections(http as typeof import('node:http'), tools);
  watchClient(tools);
}

/** `emit` is where a request becomes the program's: all of its listeners run inside the span's context. */
function patchServer(module: unknown, tools: HttpTools): void {
  const { Server: ServerClass } = module as { readonly Server: { readonly prototype: Server } };
  const serve = httpServer<IncomingMessage, ServerResponse>(tools, serverView);
  const expecting = new WeakSet<IncomingMessage>();
  tools.wrap<Emit>(
    ServerClass.prototype,
    'emit',
    (emit) =>
      function (this: Server, event, ...args) {
        if (!REQUEST_EVENTS.includes(event) || tools.options.disableIncomingRequestInstrumentation) {
          return emit.call(this, event, ...args);
        }
        const [request, response] = args as [IncomingMessage, ServerResponse];
        // A listener to `checkContinue` hands the request on with `emit('request')`, inside its span.
        if (event !== 'request') expecting.add(request);
        else if (expecting.has(request)) return emit.call(this, event, ...args);
        return serve(request, response, () => emit.call(this, event, ...args));
      },
  );
}

/** Node publishes what its client does, for `https` too: nothing is patched. */
function watchClient(tools: HttpTools): void {
  const client = httpClient<ClientRequest, IncomingMessage>(tools, clientView);
  let isWatching = false;
  tools.subscribe('http.client.request.created', (message) => {
    // An application may load `node:https` only, or `node:http` where no hook sees it.
    if (!isWatching) watchConnections(process.getBuiltinModule('node:http'), tools);
    isWatching = true;
    if (tools.options.disableOutgoingRequestInstrumentation) return;
    const { request } = message as { request: ClientRequest };
    if (client.start(request)) request.once('close', () => onClosed(client, request));
  });
  tools.subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    client.answer(request, response);
  });
  tools.subscribe('http.client.request.error', (message) => {
    const { request, error } = message as { request: ClientRequest; error: unknown };
    client.fail(request, error);
  });
}

/**
 * Comes after the answer's end, or instead of it. An answer that the program threw away unread has no error:
 * only one that was cut off has.
 */
function onClosed(client: HttpClientTracing<ClientRequest, IncomingMessage>, request: ClientRequest): void {
  const { res: response } = request as { res?: (IncomingMessage & { upgrade?: boolean | null }) | null };
  // What was upgraded is an answer of which Node publishes nothing.
  if (response?.upgrade) client.answer(request, response);
  const fault = response?.errored;
  if (fault) client.fail(request, fault);
  else client.end(request);
}
