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
import { measureClient, responseAttributes } from './http-metrics.ts';
import { MeasuredOperation, type Measurement } from './measurement.ts';

/** The events of a client's request. Each method may be called several times or never, in any order. */
export interface HttpClientTracing<Request extends object, Response> {
  /**
   * Starts the CLIENT span and injects its context. An ignored request gets no span, but its headers carry the current
   * context. Returns whether the request is recorded or measured, and so whether the other methods need to be called.
   */
  start(request: Request): boolean;
  /** The request got a connection to this address: an IP address and a port, or the path of a Unix domain socket. */
  connected(request: Request, address: string | undefined, port: number | undefined): void;
  /** The headers of the response were received. Returns the same as `start`. */
  responded(request: Request, response: Response): boolean;
  /** The request failed, or the caller cancelled it, which is not recorded as an error. Ends the span. */
  fail(request: Request, error: unknown): void;
  /** The body was read or the connection was closed. Ends the span. */
  end(request: Request): void;
}

/**
 * Traces the requests of an HTTP client, each identified by its request object.
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
 */
export function httpClient<Request extends object, Response>(
  tools: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
): HttpClientTracing<Request, Response> {
  const operations = new WeakMap<Request, Operation>();
  const inject = httpInjector(tools, view);
  const { AWS_LAMBDA_RUNTIME_API: runtimeApi } = process.env;
  const runtimeOrigin = runtimeApi && `http://${runtimeApi}`;

  return {
    start(request) {
      const parent = currentContext();
      if (isTracingSuppressed(parent)) return false;
      const address = guard(`${tools.name}: reading an address`, () => readAddress(view, request));
      if (address === undefined) return false;
      // The runtime of AWS Lambda fetches invocations and streams responses: these requests are not the application's.
      if (runtimeOrigin !== undefined && address.origin === runtimeOrigin) return false;
      if (isIgnored(tools, parent, request)) {
        // The receiver of an ignored request still continues the current trace.
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
      const measured = measuredOperation(tools, view, request, operation, address);
      if (measured === undefined && !operation.recording) return false;
      operations.set(request, measured ?? operation);
      if (!operation.recording) return true;
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
      const operation = operations.get(request);
      if (operation !== undefined) recordPeer(operation, { address, port });
    },

    responded(request, response) {
      const operation = operations.get(request);
      if (operation === undefined) return false;
      guard(`${tools.name}: reading a response`, () => {
        if (operation instanceof MeasuredOperation) measureResponse(operation.measurement, view, response);
        if (operation.recording) recordResponse(tools, view, operation.span, response);
      });
      return true;
    },

    fail(request, error) {
      const operation = operations.get(request);
      if (operation === undefined) return;
      const isCancelled = guard(`${tools.name}: reading an error`, () => {
        const isAbort = isCancellation(error) && !isError(view.abortReason?.(request));
        return view.isCancelled?.(request, error, isAbort) ?? isAbort;
      });
      if (isCancelled !== true) {
        guard(`${tools.name}: reading an error`, () => recordPeer(operation, error as PeerError));
        operation.fail(abortReason(error));
      }
      this.end(request);
    },

    end(request) {
      operations.get(request)?.end();
      operations.delete(request);
    },
  };
}

/** Returns `undefined` without a meter. */
function measuredOperation<Request, Response>(
  { name, meter }: Tools<HttpClientOptions<Request, Response>>,
  view: HttpClientView<Request, Response>,
  request: Request,
  { span, context, caller }: Operation,
  address: RequestAddress,
): MeasuredOperation | undefined {
  if (meter === undefined) return undefined;
  const measurement = guard(`${name}: measuring a request`, () =>
    measureClient(meter, view.method(request), address),
  );
  return measurement && new MeasuredOperation(span, context, caller, measurement);
}

function measureResponse<Request, Response>(
  measurement: Measurement,
  view: HttpClientView<Request, Response>,
  response: Response,
): void {
  const status = view.status(response);
  const failure = status >= 400 ? String(status) : undefined;
  measurement.add(responseAttributes(status, failure));
  if (view.protocolVersion)
    measurement.add({ [ATTR.networkProtocolVersion]: view.protocolVersion(response) });
}

/** A signal may be aborted with any value. */
function isError(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && !isCancellation(reason);
}

/** The members that Node sets on the error of a failed connection. */
interface PeerError {
  readonly address?: unknown;
  readonly port?: unknown;
}

function recordPeer({ recording, span }: Operation, peer: PeerError): void {
  if (!recording || typeof peer?.address !== 'string') return;
  span.setAttribute(ATTR.networkPeerAddress, peer.address);
  if (typeof peer.port === 'number') span.setAttribute(ATTR.networkPeerPort, peer.port);
}

function recordResponse<Request, Response>(
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
  return tools.callHook(ignoreOutgoingRequestHook, request) === true;
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
  return Object.assign(attributes, tools.callHook(startOutgoingSpanHook, request));
}
