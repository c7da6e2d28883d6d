import type { EventEmitter } from 'node:events';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  type SpanOptions,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { addEmitterContext, emitAlwaysIn, emitterContext } from '../context/emitter-context.ts';
import { isTracingSuppressed, suppressTracing } from '../context/suppression.ts';
import { describeLater } from '../describe-later.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext, Operation } from '../operation.ts';
import { incomingOf } from '../propagation/incoming.ts';
import { trustBy } from '../propagation/propagation-defaults.ts';
import { pathOfTarget } from '../propagation/routed-path.ts';
import { applyTrust, type Entrance } from '../propagation/trust.ts';
import { ATTR } from '../semconv.ts';
import { isHostNeededAtStart } from './host-at-start.ts';
import { addHeaders, addMethod, methodName, redactQuery, splitHost, splitTarget } from './http-attributes.ts';
import { connectionAttributes } from './http-connection.ts';
import { measureServer } from './http-metrics.ts';
import { finisher } from './http-server-end.ts';
import type { Headers, HttpServerOptions, HttpServerView } from './http-server-view.ts';
import { MeasuredOperation } from './measurement.ts';
import { contextOfSecondTracer, ROUTED, type ServerRequest, withServerRequest } from './server-request.ts';

const headerGetter: TextMapGetter<Headers> = {
  get: (headers, name) => headers[name] as string | string[] | undefined,
  keys: (headers) => Object.keys(headers),
};

/** The calls of an HTTP server plugin. `proceed` calls the application's listeners, and is called exactly once. */
export interface HttpServerTracing<Request, Response> {
  /**
   * Serves a request with a SERVER span: extracts, samples, makes the span current, and ends it when the response closes.
   * From then on the request and the response emit in the span's context. A request that is passed to another server or
   * emitted again gets no second span.
   */
  serve<T>(request: Request, response: Response, proceed: () => T): T;
  /**
   * Serves a request that turns its connection into another protocol: an upgrade, a CONNECT. It has no response and no
   * span: the request, the socket and `proceed` run in the context extracted from the request.
   */
  serveUpgrade<T>(request: Request, socket: EventEmitter, proceed: () => T): T;
}

/**
 * Traces the requests of an HTTP server.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function httpServer<Request extends object, Response extends object>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
): HttpServerTracing<Request, Response> {
  const trustOf = trustBy();

  const isIgnored = (request: Request): boolean => {
    const { ignoreIncomingRequestHook: hook } = tools.options;
    return hook !== undefined && tools.callHook(hook, request) === true;
  };
  /** Unless tracing is suppressed, downstream services continue the incoming trace of an ignored request. */
  const insideIgnored = (incoming: Context): Context =>
    tools.options.suppressTracingInIgnoredRequests ? suppressTracing(incoming) : incoming;

  return {
    serve(request, response, proceed) {
      if (isTracingSuppressed(currentContext()) || emitterContext(request) !== undefined) return proceed();
      const incoming = extract(tools, view, request, trustOf);
      if (isIgnored(request)) {
        const inside = insideIgnored(incoming);
        addEmitterContext(request, inside);
        addEmitterContext(response, inside);
        return context.with(inside, proceed);
      }
      const operation = startRequest(tools, view, request, response, incoming);
      return operation === undefined ? proceed() : operation.run(proceed);
    },

    serveUpgrade(request, socket, proceed) {
      if (isTracingSuppressed(currentContext()) || emitterContext(request) !== undefined) return proceed();
      const incoming = extract(tools, view, request, trustOf);
      const inside = isIgnored(request) ? insideIgnored(incoming) : incoming;
      addEmitterContext(request, inside);
      emitAlwaysIn(inside, socket);
      return context.with(inside, proceed);
    },
  };
}

// Written for speed, because every request runs these two functions: `try` instead of closures passed to `guard`.
function extract<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  trustOf: ReturnType<typeof trustBy>,
): Context {
  try {
    const extracted = propagation.extract(rootContext, view.headers(request), headerGetter);
    if (extracted === rootContext) return contextOfSecondTracer();
    const trust = trustOf(tools.options.trust, () => entranceOf(view, request));
    return applyTrust(extracted, trust);
  } catch (fault) {
    reportFailure(`${tools.name}: extracting`, fault);
    return rootContext;
  }
}

function startRequest<Request extends object, Response extends object>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  response: Response,
  parent: Context,
): Operation | undefined {
  try {
    const method = view.method(request);
    const attributes = requestAttributes(tools, view, request, method);
    const links = incomingOf(parent)?.links;
    const options: SpanOptions = { kind: SpanKind.SERVER, attributes };
    if (links !== undefined && links.length > 0) options.links = [...links];
    const span = tools.tracer.startSpan(methodName(method), options, parent);
    const { host } = view.headers(request);
    const served: ServerRequest = {
      type: 'http',
      span,
      route: undefined,
      error: undefined,
      host: host as string,
      [ROUTED]: null,
    };
    const current = withServerRequest(trace.setSpan(parent, span), served);
    const operation = operationOf(tools, view, request, method, span, current);
    addEmitterContext(request, operation.context);
    addEmitterContext(response, operation.context);
    // For an unsampled request that is not measured, nothing more is read and no listener is added.
    if (operation.recording) describe(tools, view, request, span);
    else if (!(operation instanceof MeasuredOperation)) return operation;
    view.onClose(response, finisher(tools, view, method, response, operation, served));
    return operation;
  } catch (fault) {
    reportFailure(`${tools.name}: starting a span`, fault);
    return undefined;
  }
}

/** Creates the operation of a request, which is measured if there is a meter. */
function operationOf<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  method: string,
  span: Span,
  current: Context,
): Operation {
  const { meter } = tools;
  if (meter === undefined) return new Operation(span, current);
  const measurement = guard(`${tools.name}: measuring a request`, () =>
    measureServer(meter, {
      method,
      scheme: view.scheme(request),
      protocolVersion: view.protocolVersion(request),
    }),
  );
  if (measurement === undefined) return new Operation(span, current);
  return new MeasuredOperation(span, current, undefined, measurement);
}

function entranceOf<Request, Response>(view: HttpServerView<Request, Response>, request: Request): Entrance {
  return { path: pathOfTarget(view.target(request)), port: view.localPort(request) };
}

/** Only the attributes that a sampler may need, because unsampled requests pay for them too. */
function requestAttributes<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  method: string,
): Attributes {
  const target = splitTarget(view.target(request)).path;
  const mark = target.indexOf('?');
  const attributes: Attributes = {};
  addMethod(attributes, method);
  attributes[ATTR.urlScheme] = view.scheme(request);
  attributes[ATTR.urlPath] = mark < 0 ? target : target.slice(0, mark);
  if (mark >= 0 && mark < target.length - 1) {
    attributes[ATTR.urlQuery] = redactQuery(target.slice(mark + 1), tools.options.redactedQueryParams);
  }
  if (isHostNeededAtStart()) {
    const { host } = view.headers(request);
    if (typeof host === 'string') attributes[ATTR.serverAddress] = splitHost(host).address;
  }
  const { startIncomingSpanHook } = tools.options;
  if (startIncomingSpanHook === undefined) return attributes;
  return Object.assign(attributes, tools.callHook(startIncomingSpanHook, request));
}

/**
 * Sets the remaining attributes, or leaves that to the tracer if the trace may not be kept. A failure is reported here, so
 * that the caller still registers the end of the span.
 */
function describe<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  span: Span,
): void {
  try {
    const headers = view.headers(request);
    const { 'user-agent': userAgent } = headers;
    const client = forwardedFor(headers);
    // Read now, because a connection that has closed has no address.
    const connection = connectionAttributes(view, request, headers, client !== undefined);
    const { capturedRequestHeaders, requestHook } = tools.options;
    const hasMore = capturedRequestHeaders.length > 0 || requestHook !== undefined;
    if (!hasMore && describeLater(span, () => ({ ...connection, ...ofHeaders(client, userAgent) }))) return;
    span.setAttributes(connection);
    if (client !== undefined) span.setAttribute(ATTR.clientAddress, client);
    if (typeof userAgent === 'string') span.setAttribute(ATTR.userAgentOriginal, userAgent);
    if (capturedRequestHeaders.length > 0)
      addHeaders(span, 'http.request.header.', capturedRequestHeaders, (name) => headers[name]);
    if (requestHook !== undefined) tools.callHook(requestHook, span, request);
  } catch (fault) {
    reportFailure(`${tools.name}: describing a request`, fault);
  }
}

function ofHeaders(client: string | undefined, userAgent: unknown): Attributes {
  return {
    ...(client !== undefined && { [ATTR.clientAddress]: client }),
    ...(typeof userAgent === 'string' && { [ATTR.userAgentOriginal]: userAgent }),
  };
}

function forwardedFor(headers: Headers): string | undefined {
  const value = headers['x-forwarded-for'];
  if (typeof value !== 'string') return undefined;
  const comma = value.indexOf(',');
  const first = (comma < 0 ? value : value.slice(0, comma)).trim();
  return first === '' ? undefined : first.slice(0, 64);
}
