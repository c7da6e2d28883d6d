import { type Context, createContextKey, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { reportSecondTracer } from '../kit/second-tracer.ts';
import { currentContext } from '../operation.ts';

/** Under this key, OpenTelemetry's HTTP plugin shares the server request with framework plugins. Clew's plugins use it too. */
const RPC_METADATA_KEY = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/**
 * Marks a server request that a framework has taken, with the outermost one of its request. `null` on one that
 * `http-server` made and no framework has taken yet; missing on one that other code made. No request or response is
 * kept here: a pool that opens a connection in this context would keep them as well.
 */
export const ROUTED = Symbol('clew.routed');

/** Who knows the route as long as it depends on the status. */
export const LIVE = Symbol('clew.live-route');

/**
 * What a framework's plugin adds to the request that it serves: the owner of the SERVER span reads it at the end.
 * Shape of OpenTelemetry's RPC metadata, so that either side may be theirs.
 */
export interface ServerRequest {
  readonly type: 'http';
  readonly span: Span;
  /** The matched route, `/users/:id`; becomes `http.route` and part of the span's name. */
  route?: string | undefined;
  /** The handler's error; recorded on the SERVER span when the response is a server error. */
  error?: unknown;
  /** The error that aborted a response whose headers had been sent; recorded on the SERVER span at once. */
  breakError?: unknown;
  /** The host of the request, as the peer wrote it. */
  readonly host?: string | undefined;
  [ROUTED]?: ServerRequest | null;
  [LIVE]?: { readonly route: string | undefined } | undefined;
}

/** Returns a context that carries the request served. */
export function withServerRequest(context: Context, request: ServerRequest): Context {
  return context.setValue(RPC_METADATA_KEY, request);
}

/** The request that is served in this context, whoever made its SERVER span. */
export function serverRequestOf(context: Context): ServerRequest | undefined {
  return context.getValue(RPC_METADATA_KEY) as ServerRequest | undefined;
}

/** Whether two contexts are of the same request, though middleware has started a server request of its own in one. */
export function isAnotherOfSame(one: Context, other: Context): boolean {
  const [first, second] = [serverRequestOf(one), serverRequestOf(other)];
  if (first === undefined || second === undefined || first === second) return false;
  const owner = first[ROUTED];
  return owner !== undefined && owner !== null && owner === second[ROUTED];
}

/**
 * The parent context of a request whose headers have none: the root, or that of a SERVER span that another tracer has
 * started for this request, so that both spans belong to one trace.
 */
export function contextOfSecondTracer(): Context {
  const other = serverRequestOf(currentContext());
  if (other === undefined || ROUTED in other) return rootContext;
  const { span } = other;
  // A span that has ended was of another request: the server began to listen in it.
  const isOpen = span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0;
  if (!isOpen) return rootContext;
  reportSecondTracer();
  return trace.setSpan(rootContext, span);
}
