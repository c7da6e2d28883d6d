import { randomBytes } from 'node:crypto';
import {
  type Context,
  context,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { type RecordedSpan, RecordingSpan, type SpanWatcher, UnsampledSpan } from './recording-span.ts';

/** Creates the provider of the recorder's own spans, which remember each call. */
export function recordingProvider(watcher: SpanWatcher): TracerProvider {
  return { getTracer: (name, version) => tracer(watcher, { name, version }) };
}

function tracer(watcher: SpanWatcher, scope: RecordedSpan['scope']): Tracer {
  const start = (name: string, options: SpanOptions = {}, parent = context.active()) =>
    startSpan(watcher, scope, name, options, parent);
  const startActiveSpan = (name: string, ...rest: unknown[]): unknown => {
    const run = rest.pop() as (span: Span) => unknown;
    const [options = {}, parent = context.active()] = rest as [SpanOptions?, Context?];
    const span = start(name, options, parent);
    return context.with(trace.setSpan(parent, span), () => run(span));
  };
  return { startSpan: start, startActiveSpan: startActiveSpan as Tracer['startActiveSpan'] };
}

function startSpan(
  watcher: SpanWatcher,
  scope: RecordedSpan['scope'],
  name: string,
  options: SpanOptions,
  parentContext: Context,
): Span {
  const parent = options.root ? undefined : trace.getSpanContext(parentContext);
  const sampled = watcher.sampling === 'all';
  const spanContext: SpanContext = {
    traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    ...(parent?.traceState && { traceState: parent.traceState }),
  };
  if (!sampled) return new UnsampledSpan(spanContext, () => watcher.wasted());
  const span = new RecordingSpan(watcher, spanContext, parent, scope, name, options);
  watcher.started(span);
  return span;
}
