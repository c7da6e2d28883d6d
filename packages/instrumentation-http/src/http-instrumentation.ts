import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import {
  DESTINATIONS_EXPECTED,
  defineInstrumentation,
  flag,
  hook,
  isDestinations,
  isTrustOption,
  type OptionsOf,
  REDACTED_QUERY_PARAMS,
  shaped,
  strings,
  type Tools,
  TRUST_EXPECTED,
} from '@clew/core';
import type { Attributes, Span } from '@opentelemetry/api';
import { watchConnections } from './client-connection.ts';
import { patchHttp1OfHttp2, patchServer } from './patch-server.ts';
import { watchClient } from './watch-client.ts';

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
  startIncomingSpanHook: hook<(request: IncomingMessage) => Attributes>(),
  startOutgoingSpanHook: hook<(request: ClientRequest) => Attributes>(),
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
