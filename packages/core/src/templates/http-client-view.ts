import type { Attributes, Span } from '@opentelemetry/api';
import type { Destinations } from '../propagation/destinations.ts';
import type { ConnectionPeer } from './http-address.ts';

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
