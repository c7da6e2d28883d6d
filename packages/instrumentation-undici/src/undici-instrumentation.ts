import type { Socket } from 'node:net';
import {
  defineInstrumentation,
  type HttpClientOptions,
  type HttpClientTracing,
  http,
  type OptionKind,
  type OptionsOf,
  option,
  remembered,
  type Tools,
} from '@clew/core/plugin';
import type { Attributes, Span } from '@opentelemetry/api';
import { runInCallerContext, sendInCallerContext } from './caller-context.ts';
import { requestView, type UndiciRequest, type UndiciResponse } from './request-view.ts';

declare const __VERSION__: string;

interface HeaderNames {
  readonly requestHeaders?: readonly string[];
  readonly responseHeaders?: readonly string[];
}

const isNames = (value: unknown) =>
  value === undefined || (Array.isArray(value) && value.every((name) => typeof name === 'string'));

const headerNames: OptionKind<HeaderNames> = {
  default: {},
  expected: '{ requestHeaders?, responseHeaders? }, each a list of strings',
  accepts: (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { requestHeaders, responseHeaders, ...unknown } = value as Record<string, unknown>;
    return isNames(requestHeaders) && isNames(responseHeaders) && Object.keys(unknown).length === 0;
  },
};

const options = {
  ignoreRequestHook: option.hook<(request: UndiciRequest) => boolean>(),
  startSpanHook: option.hook<(request: UndiciRequest) => Attributes>(),
  requestHook: option.hook<(span: Span, request: UndiciRequest) => void>(),
  responseHook: option.hook<(span: Span, response: UndiciResponse) => void>(),
  requireParentforSpans: option.boolean(false),
  headersToSpanAttributes: headerNames,
  propagateTo: option.destinations(),
  propagateBaggageTo: option.destinations(),
  redactedQueryParams: option.strings(http.REDACTED_QUERY_PARAMS),
} as const;

type UndiciTools = Tools<OptionsOf<typeof options>>;
type ClientOptions = HttpClientOptions<UndiciRequest, UndiciResponse>;

/** Traces requests of undici and Node's own `fetch`: a CLIENT span for each time a request is sent. */
export const UndiciInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-undici',
  version: __VERSION__,
  options,
  targets: [
    { channel: 'undici:request:create', watch },
    { module: 'undici', versions: ['>=5 <9'], patch: sendInCallerContext },
  ],
});

export type UndiciInstrumentation = InstanceType<typeof UndiciInstrumentation>;

function watch(tools: UndiciTools): void {
  const client = http.client(withTemplateOptions(tools), requestView);
  tools.subscribe('undici:request:create', (message) => {
    const { request } = message as { request: UndiciRequest };
    runInCallerContext(request, tools);
    if (client.start(request)) endOnUpgrade(client, request);
  });
  tools.subscribe('undici:client:sendHeaders', (message) => {
    const { request, socket } = message as { request: UndiciRequest; socket?: Socket };
    client.connected(request, socket?.remoteAddress, socket?.remotePort);
  });
  tools.subscribe('undici:request:headers', (message) => {
    const response = message as UndiciResponse;
    client.responded(response.request, response);
  });
  tools.subscribe('undici:request:trailers', (message) => {
    client.end((message as { request: UndiciRequest }).request);
  });
  tools.subscribe('undici:request:error', (message) => {
    const { request, error } = message as { request: UndiciRequest; error: unknown };
    client.fail(request, error);
  });
}

/** Version 5 publishes no message when a connection is upgraded. */
function endOnUpgrade(
  client: HttpClientTracing<UndiciRequest, UndiciResponse>,
  request: UndiciRequest,
): void {
  const { onUpgrade } = request;
  if (typeof request.headers !== 'string' || onUpgrade === undefined) return;
  request.onUpgrade = (...args) => {
    client.end(request);
    return onUpgrade.apply(request, args);
  };
}

/** The tools with the template's options, which are those of OpenTelemetry's HTTP plugin. */
function withTemplateOptions(tools: UndiciTools): Tools<ClientOptions> {
  const named = remembered(templateOptions);
  return Object.create(tools, { options: { get: () => named(tools.options) } });
}

/** Renames the options, which are those of OpenTelemetry's undici plugin. */
function templateOptions(given: UndiciTools['options']): ClientOptions {
  const { requestHeaders = [], responseHeaders = [] } = given.headersToSpanAttributes;
  return {
    propagateTo: given.propagateTo,
    propagateBaggageTo: given.propagateBaggageTo,
    ignoreOutgoingRequestHook: given.ignoreRequestHook,
    requireParentforOutgoingSpans: given.requireParentforSpans,
    startOutgoingSpanHook: given.startSpanHook,
    outgoingRequestHook: given.requestHook,
    outgoingResponseHook: given.responseHook,
    redactedQueryParams: given.redactedQueryParams,
    capturedOutgoingRequestHeaders: requestHeaders,
    capturedOutgoingResponseHeaders: responseHeaders,
  };
}
