import { type Context, createContextKey, type Span } from '@opentelemetry/api';

/** The key under which OpenTelemetry's HTTP plugin and frameworks' plugins meet; ours meet theirs there too. */
const RPC_METADATA_KEY = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/**
 * What a framework's plugin adds to the request that it serves: the owner of the SERVER span reads it at the end.
 * Shape of OpenTelemetry's RPC metadata, so that either side may be theirs.
 */
export interface ServerRequest {
  readonly type: 'http';
  readonly span: Span;
  /** The matched route, `/users/:id`; becomes `http.route` and part of the span's name. */
  route?: string | undefined;
  /** What the handler failed with; recorded on the SERVER span when the answer is a server error. */
  error?: unknown;
  /** The host that was asked for, as the peer wrote it. */
  readonly host?: string | undefined;
}

/** Returns a context that carries the request served. */
export function withServerRequest(context: Context, request: ServerRequest): Context {
  return context.setValue(RPC_METADATA_KEY, request);
}

/** The request that is served in this context, whoever made its SERVER span. */
export function serverRequestOf(context: Context): ServerRequest | undefined {
  return context.getValue(RPC_METADATA_KEY) as ServerRequest | undefined;
}
