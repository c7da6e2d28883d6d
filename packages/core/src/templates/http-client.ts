import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { abortReason, isCancellation } from '../cancellation.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext, type Operation, startOperation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { type RequestAddress, readAddress } from './http-address.ts';
import { addHeaders, addMethod, methodName, redactUrl } from './http-attributes.ts';
import type { HttpClientOptions, HttpClientView } from './http-client-view.ts';
import { httpInjector } from './http-injection.ts';

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
  const underWay = new WeakMap<Request, Operation>();
  const inject = httpInjector(tools, view);

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
      const operation = startOperation(`${tools.name}: starting a span`, parent, () => {
        const method = view.method(request);
        const attributes = requestAttributes(tools, view, request, method, address);
        return tools.tracer.startSpan(methodName(method), { kind: SpanKind.CLIENT, attributes }, parent);
      });
      if (operation === undefined) return false;
      inject(operation.context, request, address);
      if (!operation.recording) return false;
      underWay.set(request, operation);
      const { capturedOutgoingRequestHeaders, outgoingRequestHook } = tools.options;
      guard(`${tools.name}: reading headers`, () =>
        addHeaders(operation.span, 'http.request.header.', capturedOutgoingRequestHeaders, (name) =>
          view.requestHeader(request, name),
        ),
      );
      tools.callHook(outgoingRequestHook, operation.span, request);
      return true;
    },

    connected(request, address, port) {
      const operation = underWay.get(request);
      if (operation !== undefined) recordPeer(operation, { address, port });
    },

    answer(request, response) {
      const span = underWay.get(request)?.span;
      if (span === undefined) return false;
      guard(`${tools.name}: reading a response`, () => recordAnswer(tools, view, span, response));
      return true;
    },

    fail(request, error) {
      const operation = underWay.get(request);
      if (operation === undefined) return;
      const isCancelled = guard(`${tools.name}: reading an error`, () =>
        view.isCancelled ? view.isCancelled(request, error) : isCancellation(error),
      );
      if (isCancelled !== true) {
        guard(`${tools.name}: reading an error`, () => recordPeer(operation, error as PeerError));
        operation.fail(abortReason(error));
      }
      this.end(request);
    },

    end(request) {
      underWay.get(request)?.end();
      underWay.delete(request);
    },
  };
}

/** What Node puts into the error of a connection that could not be made. */
interface PeerError {
  readonly address?: unknown;
  readonly port?: unknown;
}

function recordPeer({ recording, span }: Operation, peer: PeerError): void {
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
