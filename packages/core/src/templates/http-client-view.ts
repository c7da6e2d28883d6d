import type { Attributes, Span } from '@opentelemetry/api';
import type { Destinations } from '../propagation/destinations.ts';
import type { ConnectionPeer } from './http-address.ts';

/** How the template reads and changes the objects of an HTTP client. */
export interface HttpClientView<Request, Response> {
  method(request: Request): string;
  /** Scheme, host and port of the URL: `https://shop.example:8443`. */
  origin(request: Request): string;
  /** The peer of the connection, if the library exposes it; default the host of the origin. */
  peer?(request: Request): ConnectionPeer | undefined;
  /**
   * Calls `listener` before the headers are sent if the connection goes to another host than {@link peer} returned: to an
   * agent's proxy, or over a connection that the application opened. Called only if destinations are restricted.
   */
  onOtherHost?(request: Request, listener: (host: string) => void): void;
  /** Path and query, or the whole URL in a request to a proxy. */
  target(request: Request): string;
  /** How often this request was sent before, if the library exposes it. Called once. */
  resendCount?(request: Request): number;
  /** Replaces all headers of this name. */
  setHeader(request: Request, name: string, value: string): void;
  removeHeader(request: Request, name: string): void;
  /** The names of the request's headers, in any case. */
  requestHeaderNames(request: Request): readonly string[];
  /** A header by its name in lower case. */
  requestHeader(request: Request, name: string): string | readonly string[] | number | undefined;
  status(response: Response): number;
  protocolVersion?(response: Response): string;
  responseHeader(response: Response, name: string): string | readonly string[] | number | undefined;
  /** The reason of the signal that aborted the request, if the library exposes it; the error may not contain it. */
  abortReason?(request: Request): unknown;
  /**
   * Whether an error means that the caller cancelled the request. `isAbort`, the default: whether it is an abort without
   * an error as its reason.
   */
  isCancelled?(request: Request, error: unknown, isAbort: boolean): boolean;
}

/** Options of every HTTP client plugin. The hooks are functions of the user. */
export interface HttpClientOptions<Request, Response> {
  /** Where trace context is sent; `undefined` uses the propagation defaults. */
  readonly propagateTo: Destinations | undefined;
  readonly propagateBaggageTo: Destinations | undefined;
  readonly ignoreOutgoingRequestHook: ((request: Request) => boolean) | undefined;
  readonly requireParentforOutgoingSpans: boolean;
  /** Returns attributes that are set before sampling. */
  readonly startOutgoingSpanHook: ((request: Request) => Attributes) | undefined;
  readonly outgoingRequestHook: ((span: Span, request: Request) => void) | undefined;
  readonly outgoingResponseHook: ((span: Span, response: Response) => void) | undefined;
  readonly redactedQueryParams: readonly string[];
  readonly capturedOutgoingRequestHeaders: readonly string[];
  readonly capturedOutgoingResponseHeaders: readonly string[];
}
