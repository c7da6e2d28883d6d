import type { Attributes, Span } from '@opentelemetry/api';
import type { TrustOption } from '../propagation/trust.ts';

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
  /**
   * Calls back once, when the response has been sent or its connection is lost. Use `onEmitterClose` where it can be
   * used: a listener counts towards the application's `setMaxListeners`.
   */
  onClose(response: Response, listener: () => void): void;
}

/** Options of every server plugin; the hooks are the user's. */
export interface HttpServerOptions<Request, Response> {
  readonly trust: TrustOption | undefined;
  readonly ignoreIncomingRequestHook: ((request: Request) => boolean) | undefined;
  /** Whether nothing is traced or injected inside an ignored request; else the trace that came continues. */
  readonly suppressTracingInIgnoredRequests: boolean;
  /** Attributes that samplers see, too. */
  readonly startIncomingSpanHook: ((request: Request) => Attributes) | undefined;
  readonly requestHook: ((span: Span, request: Request) => void) | undefined;
  readonly responseHook: ((span: Span, response: Response) => void) | undefined;
  readonly redactedQueryParams: readonly string[];
  readonly capturedRequestHeaders: readonly string[];
  readonly capturedResponseHeaders: readonly string[];
}
