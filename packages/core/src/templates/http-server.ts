import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { currentContext, Exchange } from '../exchange.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { incomingOf } from '../propagation/incoming.ts';
import { trustBy } from '../propagation/policy.ts';
import { applyTrust, type Entrance, type TrustOption } from '../propagation/trust.ts';
import { recordError } from '../record-error.ts';
import { ATTR } from '../semconv.ts';
import { addHeaders, addMethod, methodName, redactQuery, splitHost, splitTarget } from './http-attributes.ts';
import { remembered } from './messaging-operation.ts';
import { type ServerRequest, withServerRequest } from './server-request.ts';

/** The headers of a request, names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the template must know of a server's own objects. */
export interface HttpServerView<Request, Response> {
  method(request: Request): string;
  /** Path and query as they came. */
  target(request: Request): string;
  scheme(request: Request): 'http' | 'https';
  headers(request: Request): Headers;
  protocolVersion(request: Request): string;
  /** The port that the server listens on. */
  localPort(request: Request): number | undefined;
  peer(request: Request): { readonly address: string | undefined; readonly port: number | undefined };
  /** The same object for all requests of a connection. */
  connection(request: Request): object;
  status(response: Response): number;
  headersSent(response: Response): boolean;
  responseHeader(response: Response, name: string): string | readonly string[] | number | undefined;
  /** Calls back once, when the response has been sent or its connection is lost. */
  onClose(response: Response, listener: () => void): void;
}

/** Options of every server plugin; the hooks are the user's. */
export interface HttpServerOptions<Request, Response> {
  readonly trust: TrustOption | undefined;
  readonly ignoreIncomingRequestHook: ((request: Request) => boolean) | undefined;
  readonly requestHook: ((span: Span, request: Request) => void) | undefined;
  readonly responseHook: ((span: Span, response: Response) => void) | undefined;
  readonly redactedQueryParams: readonly string[];
  readonly capturedRequestHeaders: readonly string[];
  readonly capturedResponseHeaders: readonly string[];
}

const headerGetter: TextMapGetter<Headers> = {
  get: (headers, name) => headers[name] as string | string[] | undefined,
  keys: (headers) => Object.keys(headers),
};

/**
 * Serves requests with a SERVER span: extract, decide, make current, and end when the response is sent or lost.
 * `proceed` is the program's own handling; it is called exactly once, whatever becomes of the tracing.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function httpServer<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
): <T>(request: Request, response: Response, proceed: () => T) => T {
  const trustOf = trustBy();
  const extracting = `${tools.name}: extracting`;
  return (request, response, proceed) => {
    if (isTracingSuppressed(currentContext())) return proceed();
    const incoming = guard(extracting, () => {
      const came = propagation.extract(rootContext, view.headers(request), headerGetter);
      if (came === rootContext) return came;
      return applyTrust(
        came,
        trustOf(tools.options.trust, () => entranceOf(view, request)),
      );
    });
    const { ignoreIncomingRequestHook } = tools.options;
    const ignored =
      ignoreIncomingRequestHook !== undefined &&
      guard(`a hook of ${tools.name}`, () => ignoreIncomingRequestHook(request)) === true;
    // No span, but what came goes on: those behind us still belong to the caller's trace.
    if (ignored) return context.with(incoming ?? rootContext, proceed);
    const served = serve(tools, view, request, response, incoming ?? rootContext);
    return served === undefined ? proceed() : served.run(proceed);
  };
}

function serve<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  response: Response,
  parent: Context,
): Exchange | undefined {
  return guard(`${tools.name}: starting a span`, () => {
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
    };
    const exchange = new Exchange(span, withServerRequest(trace.setSpan(parent, span), served));
    // An unsampled request ends here: nothing is read, nothing listened to.
    if (!exchange.recording) return exchange;
    // What can't be told of a request must not leave its span open.
    guard(`${tools.name}: describing a request`, () => describe(tools, view, request, span));
    view.onClose(response, () => finish(tools, view, method, response, exchange, served));
    return exchange;
  });
}

function entranceOf<Request, Response>(view: HttpServerView<Request, Response>, request: Request): Entrance {
  const target = splitTarget(view.target(request)).path;
  const mark = target.indexOf('?');
  return { path: mark < 0 ? target : target.slice(0, mark), port: view.localPort(request) };
}

/** What a sampler may want to decide by, and no more: an unsampled request pays for these. */
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
  return attributes;
}

function describe<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  request: Request,
  span: Span,
): void {
  const headers = view.headers(request);
  const { 'user-agent': userAgent } = headers;
  const client = forwardedFor(headers);
  span.setAttributes(connectionAttributes(view, request, headers, client !== undefined));
  if (client !== undefined) span.setAttribute(ATTR.clientAddress, client);
  if (typeof userAgent === 'string') span.setAttribute(ATTR.userAgentOriginal, userAgent);
  const { capturedRequestHeaders, requestHook } = tools.options;
  addHeaders(span, 'http.request.header.', capturedRequestHeaders, (name) => headers[name]);
  tools.callHook(requestHook, span, request);
}

/** What the requests of a connection have in common, and what it was made of. */
interface Told {
  readonly host: unknown;
  readonly version: string;
  readonly forwarded: boolean;
  readonly attributes: Attributes;
}

const told = new WeakMap<object, Told>();

/** From a connection's second request on the same frozen object, which our tracer encodes once. */
function connectionAttributes<Request, Response>(
  view: HttpServerView<Request, Response>,
  request: Request,
  { host }: Headers,
  forwarded: boolean,
): Attributes {
  const connection = view.connection(request);
  const version = view.protocolVersion(request);
  const last = told.get(connection);
  if (last !== undefined && last.host === host && last.version === version && last.forwarded === forwarded)
    return Object.freeze(last.attributes);
  const attributes: Attributes = { [ATTR.networkProtocolVersion]: version };
  if (typeof host === 'string') {
    const { address, port } = splitHost(host);
    attributes[ATTR.serverAddress] = address;
    if (port !== undefined) attributes[ATTR.serverPort] = port;
  }
  const peer = view.peer(request);
  if (peer.address !== undefined) {
    attributes[ATTR.networkPeerAddress] = peer.address;
    if (peer.port !== undefined) attributes[ATTR.networkPeerPort] = peer.port;
    if (!forwarded) attributes[ATTR.clientAddress] = peer.address;
  }
  told.set(connection, { host, version, forwarded, attributes });
  return attributes;
}

/** `GET /users/:id`: made once for each. */
const spanName = remembered((method: string) => remembered((route: string) => `${method} ${route}`));

function finish<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  method: string,
  response: Response,
  exchange: Exchange,
  served: ServerRequest,
): void {
  // A handler that threw has ended it.
  if (exchange.ended) return;
  const { span } = exchange;
  guard(`${tools.name}: finishing a span`, () => {
    if (served.route !== undefined) {
      span.setAttribute(ATTR.httpRoute, served.route);
      span.updateName(spanName(methodName(method))(served.route));
    }
    if (view.headersSent(response)) recordStatus(span, view.status(response), served.error);
    else recordLostClient(span, served.error);
    const { capturedResponseHeaders, responseHook } = tools.options;
    addHeaders(span, 'http.response.header.', capturedResponseHeaders, (name) =>
      view.responseHeader(response, name),
    );
    tools.callHook(responseHook, span, response);
  });
  exchange.end();
}

/** Only 5xx is the server's error; a handler's failure that was answered otherwise was handled. */
function recordStatus(span: Span, status: number, error: unknown): void {
  span.setAttribute(ATTR.httpResponseStatusCode, status);
  if (status < 500) return;
  if (error !== undefined) {
    recordError(span, error);
    return;
  }
  span.setAttribute(ATTR.errorType, String(status));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function recordLostClient(span: Span, error: unknown): void {
  if (error !== undefined) {
    recordError(span, error);
    return;
  }
  span.setAttribute(ATTR.errorType, 'connection_closed');
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'the connection closed before an answer was sent' });
}

function forwardedFor(headers: Headers): string | undefined {
  const value = headers['x-forwarded-for'];
  if (typeof value !== 'string') return undefined;
  const comma = value.indexOf(',');
  const first = (comma < 0 ? value : value.slice(0, comma)).trim();
  return first === '' ? undefined : first.slice(0, 64);
}
