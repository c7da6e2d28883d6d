import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { defineInstrumentation, http, type OptionsOf, option, type Tools } from '@clew/core/plugin';
import type { Attributes, Span } from '@opentelemetry/api';
import { patchHttp1OfHttp2, patchServer } from './patch-server.ts';
import { patchClient, watchClient } from './watch-client.ts';

declare const __VERSION__: string;

type SpanHook<Info> = (span: Span, info: Info) => void;

const options = {
  disableIncomingRequestInstrumentation: option.boolean(false),
  disableOutgoingRequestInstrumentation: option.boolean(false),
  trust: option.trust(),
  propagateTo: option.destinations(),
  propagateBaggageTo: option.destinations(),
  ignoreIncomingRequestHook: option.hook<(request: IncomingMessage) => boolean>(),
  suppressTracingInIgnoredRequests: option.boolean(false),
  ignoreOutgoingRequestHook: option.hook<(request: ClientRequest) => boolean>(),
  requireParentforOutgoingSpans: option.boolean(false),
  startIncomingSpanHook: option.hook<(request: IncomingMessage) => Attributes>(),
  startOutgoingSpanHook: option.hook<(request: ClientRequest) => Attributes>(),
  requestHook: option.hook<SpanHook<IncomingMessage>>(),
  responseHook: option.hook<SpanHook<ServerResponse>>(),
  outgoingRequestHook: option.hook<SpanHook<ClientRequest>>(),
  outgoingResponseHook: option.hook<SpanHook<IncomingMessage>>(),
  redactedQueryParams: option.strings(http.REDACTED_QUERY_PARAMS),
  capturedRequestHeaders: option.strings([]),
  capturedResponseHeaders: option.strings([]),
  capturedOutgoingRequestHeaders: option.strings([]),
  capturedOutgoingResponseHeaders: option.strings([]),
} as const;

/** The tools of this plugin's targets. */
export type HttpTools = Tools<OptionsOf<typeof options>>;

/** Traces `node:http` and `node:https`: SERVER spans for incoming requests, CLIENT spans for outgoing requests. */
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

function patchHttp(http: unknown, tools: HttpTools): void {
  patchServer(http, tools);
  patchClient(http as typeof import('node:http'), tools);
}
