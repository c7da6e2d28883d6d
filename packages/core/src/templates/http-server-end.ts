import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import { remembered } from '../kit/remembered.ts';
import type { Tools } from '../kit/target.ts';
import type { Operation } from '../operation.ts';
import { errorType, recordError } from '../record-error.ts';
import { noteRoute } from '../route-observer.ts';
import { ATTR } from '../semconv.ts';
import { addHeaders, methodName } from './http-attributes.ts';
import { responseAttributes } from './http-metrics.ts';
import type { HttpServerOptions, HttpServerView } from './http-server-view.ts';
import { MeasuredOperation, type Measurement } from './measurement.ts';
import type { ServerRequest } from './server-request.ts';

/** `error.type` of a request whose connection closed before a response was sent. */
const CONNECTION_CLOSED = 'connection_closed';

/** The span name `GET /users/:id`, cached by method and route. */
const spanName = remembered((method: string) => remembered((route: string) => `${method} ${route}`));

/** Creates the listener that ends the span of a request when its response closes, unless the handler threw before. */
export function finisher<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  method: string,
  response: Response,
  operation: Operation,
  served: ServerRequest,
): () => void {
  return () => {
    if (operation.ended) return;
    try {
      if (operation.recording) recordEnd(tools, view, method, response, served);
      if (operation instanceof MeasuredOperation) measureEnd(operation.measurement, view, response, served);
    } catch (fault) {
      reportFailure(`${tools.name}: finishing a span`, fault);
    }
    operation.end();
  };
}

function measureEnd<Request, Response>(
  measurement: Measurement,
  view: HttpServerView<Request, Response>,
  response: Response,
  { route, error, breakError }: ServerRequest,
): void {
  const status = view.headersSent(response) ? view.status(response) : undefined;
  const failure = failureOf(status, error, breakError);
  measurement.add({
    ...responseAttributes(status, failure),
    ...(route !== undefined && { [ATTR.httpRoute]: route }),
  });
}

/** The `error.type` that {@link recordEnd} sets, and that of an error which aborted the response. */
function failureOf(status: number | undefined, error: unknown, breakError: unknown): string | undefined {
  if (breakError !== undefined) return errorType(breakError);
  if (status !== undefined && status < 500) return undefined;
  if (error !== undefined) return errorType(error);
  return status === undefined ? CONNECTION_CLOSED : String(status);
}

function recordEnd<Request, Response>(
  tools: Tools<HttpServerOptions<Request, Response>>,
  view: HttpServerView<Request, Response>,
  method: string,
  response: Response,
  { span, route, error }: ServerRequest,
): void {
  if (route !== undefined) {
    // Not noted yet if the framework has no plugin of Clew, or if only a mount path is known.
    noteRoute(span, route);
    span.setAttribute(ATTR.httpRoute, route);
    span.updateName(spanName(methodName(method))(route));
  }
  if (view.headersSent(response)) recordStatus(span, view.status(response), error);
  else recordLostClient(span, error);
  const { capturedResponseHeaders, responseHook } = tools.options;
  if (capturedResponseHeaders.length > 0) {
    const read = (name: string) => view.responseHeader(response, name);
    addHeaders(span, 'http.response.header.', capturedResponseHeaders, read);
  }
  if (responseHook !== undefined) tools.callHook(responseHook, span, response);
}

/** Only 5xx is an error of the server: with any other status, the application has handled the failure. */
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
  span.setAttribute(ATTR.errorType, CONNECTION_CLOSED);
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'the connection closed before a response was sent' });
}
