import {
  type Attributes,
  type Context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { abortReason, isCancellation } from '../cancellation.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { begin, currentContext, type Exchange } from '../exchange.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { boundedWriter, headerBytes } from '../propagation/bounded-writer.ts';
import { withInjectionTarget } from '../propagation/carrier-kind.ts';
import { allowsAll, type Destinations } from '../propagation/destinations.ts';
import {
  type CarrierWriter,
  injectFresh,
  removeInjected,
  removeInjectedBaggage,
} from '../propagation/inject.ts';
import { sendingBy } from '../propagation/policy.ts';
import { ATTR } from '../semconv.ts';
import { type ConnectionPeer, type RequestAddress, readAddress } from './http-address.ts';
import { addHeaders, addMethod, methodName, redactUrl } from './http-attributes.ts';
import { serverRequestOf } from './server-request.ts';

/** What the template must know of a client's own objects. */
export interface HttpClientView<Request, Response> {
  method(request: Request): string;
  /** Scheme, host and port that the URL names, as one: `https://shop.example:8443`. */
  origin(request: Request): string;
  /** Where the connection goes, where the library shows it; without it, the origin counts. */
  peer?(request: Request): ConnectionPeer | undefined;
  /**
   * Calls back before the headers are sent if the connection goes to another host than {@link peer} says: a proxy that an
   * agent uses, a connection that the application opens itself. Called only where destinations are restricted.
   */
  whenElsewhere?(request: Request, listener: (host: string) => void): void;
  /** Path and query, or the whole URL where a proxy is asked. */
  target(request: Request): string;
  /** How often this request was sent before, where the library says so. Called once. */
  resendCount?(request: Request): number;
  /** Sets a header in place of all that have this name. */
  setHeader(request: Request, name: string, value: string): void;
  removeHeader(request: Request, name: string): void;
  /** The names of the request's headers, in any case. */
  requestHeaderNames(request: Request): readonly string[];
  /** A header by its name in lower case. */
  requestHeader(request: Request, name: string): string | readonly string[] | number | undefined;
  status(response: Response): number;
  protocolVersion?(response: Response): string;
  responseHeader(response: Response, name: string): string | readonly string[] | number | undefined;
  /** Whether an error is the library's word for a cancellation by the caller; without it, `isCancellation` decides. */
  isCancelled?(request: Request, error: unknown): boolean;
}

/** Options of every client plugin; the hooks are the user's. */
export interface HttpClientOptions<Request, Response> {
  /** Where trace context goes; `undefined` leaves it to the policy of the process. */
  readonly propagateTo: Destinations | undefined;
  readonly propagateBaggageTo: Destinations | undefined;
  readonly ignoreOutgoingRequestHook: ((request: Request) => boolean) | undefined;
  readonly requireParentforOutgoingSpans: boolean;
  /** Attributes that samplers see, too. */
  readonly startOutgoingSpanHook: ((request: Request) => Attributes) | undefined;
  readonly outgoingRequestHook: ((span: Span, request: Request) => void) | undefined;
  readonly outgoingResponseHook: ((span: Span, response: Response) => void) | undefined;
  readonly redactedQueryParams: readonly string[];
  readonly capturedOutgoingRequestHeaders: readonly string[];
  readonly capturedOutgoingResponseHeaders: readonly string[];
}

/** The stations of a client's request; each may be called more than once or never, in the library's own order. */
export interface HttpClientTracing<Request extends object, Response> {
  /**
   * Starts the CLIENT span and injects; nothing happens for an ignored or suppressed request. Says whether
   * the request is recorded, and so whether its later stations matter.
   */
  start(request: Request): boolean;
  /** The request has a connection, to this address: an IP address and a port, or the path of a Unix domain socket. */
  connected(request: Request, address: string | undefined, port: number | undefined): void;
  /** The headers of the response are there. Returns whether the request is recorded. */
  answer(request: Request, response: Response): boolean;
  /** The request failed, or the caller cancelled it, which is not an error. The span ends. */
  fail(request: Request, error: unknown): void;
  /** All is over: the body has been read, or the connection is closed. */
  end(request: Request): void;
}

/**
 * Traces requests of an HTTP client, each by the object that stands for it.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
 */
export function httpClient<Request extends object, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
): HttpClientTracing<Request, Response> {
  const underWay = new WeakMap<Request, Exchange>();
  const writer: CarrierWriter<Request> = {
    set: (request, name, value) => view.setHeader(request, name, value),
    has: (request, name) => view.requestHeader(request, name.toLowerCase()) !== undefined,
    remove: (request, name) => view.removeHeader(request, name),
    names: (request) => view.requestHeaderNames(request),
  };
  const room = (request: Request) => headerRoom(view, request);
  const inject = injector(
    tools,
    view,
    boundedWriter(writer, { name: tools.name, room, unmeasuredBytes: UNMEASURED_BYTES }),
  );

  return {
    start(request) {
      const parent = currentContext();
      if (isTracingSuppressed(parent)) return false;
      const address = guard(`${tools.name}: reading an address`, () => readAddress(view, request));
      if (address === undefined) return false;
      if (isIgnored(tools, parent, request)) {
        // No span, but the trace goes on: what is behind the request still belongs to it.
        inject(parent, request, address);
        return false;
      }
      const exchange = begin(`${tools.name}: starting a span`, parent, () => {
        const method = view.method(request);
        const attributes = requestAttributes(tools, view, request, method, address);
        return tools.tracer.startSpan(methodName(method), { kind: SpanKind.CLIENT, attributes }, parent);
      });
      if (exchange === undefined) return false;
      inject(exchange.context, request, address);
      if (!exchange.recording) return false;
      underWay.set(request, exchange);
      const { capturedOutgoingRequestHeaders, outgoingRequestHook } = tools.options;
      guard(`${tools.name}: reading headers`, () =>
        addHeaders(exchange.span, 'http.request.header.', capturedOutgoingRequestHeaders, (name) =>
          view.requestHeader(request, name),
        ),
      );
      tools.callHook(outgoingRequestHook, exchange.span, request);
      return true;
    },

    connected(request, address, port) {
      const exchange = underWay.get(request);
      if (exchange !== undefined) recordPeer(exchange, { address, port });
    },

    answer(request, response) {
      const span = underWay.get(request)?.span;
      if (span === undefined) return false;
      guard(`${tools.name}: reading a response`, () => recordAnswer(tools, view, span, response));
      return true;
    },

    fail(request, error) {
      const exchange = underWay.get(request);
      if (exchange === undefined) return;
      const isCancelled = guard(`${tools.name}: reading an error`, () =>
        view.isCancelled ? view.isCancelled(request, error) : isCancellation(error),
      );
      if (isCancelled !== true) {
        guard(`${tools.name}: reading an error`, () => recordPeer(exchange, error as PeerError));
        exchange.fail(abortReason(error));
      }
      this.end(request);
    },

    end(request) {
      underWay.get(request)?.end();
      underWay.delete(request);
    },
  };
}

/** What Node, nginx and others take at most, with the request line. A larger header section is refused (431, 400). */
const MAX_HEADER_BYTES = 16_384;

/** A trace context without a long trace state or baggage: requests with nothing else are not measured. */
const UNMEASURED_BYTES = 512;

function headerRoom<Request, Response>(view: HttpClientView<Request, Response>, request: Request): number {
  let bytes = headerBytes(view.method(request), view.target(request));
  for (const name of view.requestHeaderNames(request))
    bytes += headerBytes(name, String(view.requestHeader(request, name.toLowerCase())));
  return MAX_HEADER_BYTES - bytes;
}

/** Injects trace context where the destination may have it, and baggage where it may have that, too. */
function injector<Request, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
  writer: CarrierWriter<Request>,
): (context: Context, request: Request, address: RequestAddress) => void {
  const sendTo = sendingBy('sendTo');
  const sendBaggageTo = sendingBy('sendBaggageTo');
  return (context, request, { destinations }) => {
    guard(`${tools.name}: injecting`, () => {
      const servedHost = serverRequestOf(context)?.host;
      const allows = sendTo(tools.options.propagateTo);
      if (!destinations.every((host) => allows(host, servedHost))) return;
      const allowsBaggage = sendBaggageTo(tools.options.propagateBaggageTo);
      const withBaggage = destinations.every((host) => allowsBaggage(host, servedHost));
      const outgoing = withBaggage ? context : propagation.deleteBaggage(context);
      const target = { kind: 'request', host: destinations[0] } as const;
      injectFresh(withInjectionTarget(outgoing, target), request, writer);
      if (allows === allowsAll && allowsBaggage === allowsAll) return;
      view.whenElsewhere?.(request, (host) => {
        guard(`${tools.name}: taking back what was injected`, () => {
          if (!allows(host, servedHost)) removeInjected(request, writer);
          else if (!allowsBaggage(host, servedHost)) removeInjectedBaggage(request, writer);
        });
      });
    });
  };
}

/** What Node puts into the error of a connection that could not be made. */
interface PeerError {
  readonly address?: unknown;
  readonly port?: unknown;
}

function recordPeer({ recording, span }: Exchange, peer: PeerError): void {
  if (!recording || typeof peer?.address !== 'string') return;
  span.setAttribute(ATTR.networkPeerAddress, peer.address);
  if (typeof peer.port === 'number') span.setAttribute(ATTR.networkPeerPort, peer.port);
}

function recordAnswer<Request, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
  span: Span,
  response: Response,
): void {
  const status = view.status(response);
  span.setAttribute(ATTR.httpResponseStatusCode, status);
  if (view.protocolVersion) span.setAttribute(ATTR.networkProtocolVersion, view.protocolVersion(response));
  if (status >= 400) {
    span.setAttribute(ATTR.errorType, String(status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  const { capturedOutgoingResponseHeaders, outgoingResponseHook } = tools.options;
  addHeaders(span, 'http.response.header.', capturedOutgoingResponseHeaders, (name) =>
    view.responseHeader(response, name),
  );
  tools.callHook(outgoingResponseHook, span, response);
}

function isIgnored<Request, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  parent: Context,
  request: Request,
): boolean {
  const { ignoreOutgoingRequestHook, requireParentforOutgoingSpans } = tools.options;
  if (requireParentforOutgoingSpans && trace.getSpan(parent) === undefined) return true;
  if (ignoreOutgoingRequestHook === undefined) return false;
  return guard(`a hook of ${tools.name}`, () => ignoreOutgoingRequestHook(request)) === true;
}

function requestAttributes<Request, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
  request: Request,
  method: string,
  { origin, path, serverAddress, serverPort }: RequestAddress,
): Attributes {
  const attributes: Attributes = {};
  addMethod(attributes, method);
  attributes[ATTR.serverAddress] = serverAddress;
  if (serverPort !== undefined) attributes[ATTR.serverPort] = serverPort;
  const resends = view.resendCount?.(request) ?? 0;
  if (resends > 0) attributes[ATTR.httpRequestResendCount] = resends;
  attributes[ATTR.urlFull] = redactUrl(origin, path, tools.options.redactedQueryParams);
  const { startOutgoingSpanHook } = tools.options;
  if (startOutgoingSpanHook === undefined) return attributes;
  return Object.assign(
    attributes,
    guard(`a hook of ${tools.name}`, () => startOutgoingSpanHook(request)),
  );
}
