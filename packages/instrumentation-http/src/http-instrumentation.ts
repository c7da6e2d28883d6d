import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import {
  DESTINATIONS_EXPECTED,
  defineInstrumentation,
  flag,
  type HttpClientTracing,
  hook,
  httpClient,
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
import { watchResponseTimeout, watchTimeout } from './client-cancellation.ts';
import { watchConnections } from './client-connection.ts';
import { clientView } from './client-view.ts';
import { patchHttp1OfHttp2, patchServer } from './patch-server.ts';

declare const __VERSION__: string;

type SpanHook<Info> = (span: Span, info: Info) => void;

const options = {
  disableIncomingRequestInstrumentation: flag(false),
  disableOutgoingRequestInstrumentation: flag(false),
  trust: shaped(TRUST_EXPECTED, isTrustOption),
  propagateTo: shaped(DESTINATIONS_EXPECTED, isDestinations),
  propagateBaggageTo: shaped(DESTINATIONS_EXPECTED, isDestinations),
  ignoreIncomingRequestHook: hook<(request: IncomingMessage) => boolean>(),
  suppressTracingInIgnoredRequests: flag(false),
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

/** What the plugin works with. */
export type HttpTools = Tools<OptionsOf<typeof options>>;

/** Traces `node:http` and `node:https`: SERVER spans of requests served, CLIENT spans of requests made. */
export const HttpInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-http',
  version: __VERSION__,
  options,
  targets: [
    { channel: 'http.client.request.created', watch: watchClient },
    { module: 'http', versions: ['*'], patch: patchHttp },
    { module: 'https', versions: ['*'], patch: patchServer },
    { module: 'http2', versions: ['*'], patch: patchHttp1OfHttp2 },
  ],
});

export type HttpInstrumentation = InstanceType<typeof HttpInstrumentation>;

/** Also notes where the client's requests go, from the first one on. */
function patchHttp(http: unknown, tools: HttpTools): void {
  patchServer(http, tools);
  watchConnections(http as typeof import('node:http'), tools);
}

/** Node publishes what its client does, whichever of its modules the application loads: nothing is patched. */
function watchClient(tools: HttpTools): void {
  const client = httpClient<ClientRequest, IncomingMessage>(tools, clientView);
  let isWatching = false;
  tools.subscribe('http.client.request.created', (message) => {
    // An application may load `node:https` only, or `node:http` where no hook sees it.
    if (!isWatching) watchConnections(process.getBuiltinModule('node:http'), tools);
    isWatching = true;
    if (tools.options.disableOutgoingRequestInstrumentation) return;
    const { request } = message as { request: ClientRequest };
    if (!client.start(request)) return;
    watchTimeout(request);
    request.once('close', () => onClosed(client, request));
  });
  tools.subscribe('http.client.response.finish', (message) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (client.answer(request, response)) watchResponseTimeout(response);
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
