import type { Attributes, Span } from '@opentelemetry/api';
import type { TrustOption } from '../propagation/trust.ts';

/** The headers of a request, names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How the template reads the objects of an HTTP server. */
export interface HttpServerView<Request, Response> {
  method(request: Request): string;
  /** Path and query as received. */
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
  /**
   * Calls `listener` once, when the response was sent or its connection was lost. Use `onEmitterClose` if possible: a
   * listener would count towards the application's `setMaxListeners`.
   */
  onClose(response: Response, listener: () => void): void;
}

/** Options of every HTTP server plugin. The hooks are functions of the user. */
export interface HttpServerOptions<Request, Response> {
  readonly trust: TrustOption | undefined;
  readonly ignoreIncomingRequestHook: ((request: Request) => boolean) | undefined;
  /** Whether tracing is suppressed inside an ignored request; otherwise the incoming trace continues there. */
  readonly suppressTracingInIgnoredRequests: boolean;
  /** Returns attributes that are set before sampling. */
  readonly startIncomingSpanHook: ((request: Request) => Attributes) | undefined;
  readonly requestHook: ((span: Span, request: Request) => void) | undefined;
  readonly responseHook: ((span: Span, response: Response) => void) | undefined;
  readonly redactedQueryParams: readonly string[];
  readonly capturedRequestHeaders: readonly string[];
  readonly capturedResponseHeaders: readonly string[];
}
