import { type Context, createContextKey } from '@opentelemetry/api';

/** The key of the OpenTelemetry SDKs: their exporters are not traced by Clew, nor Clew's by them. */
const SUPPRESS_KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Returns a context in which nothing is traced and nothing is injected. */
export function suppressTracing(context: Context): Context {
  return context.setValue(SUPPRESS_KEY, true);
}

/** Whether tracing is suppressed in this context. */
export function isTracingSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_KEY) === true;
}
