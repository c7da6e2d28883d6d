import { context, type Span, type SpanKind, trace } from '@opentelemetry/api';
import type { RecordedSpan, Recorder } from '../src/index.ts';
import { type Parcel, parcel } from './toy-broker.ts';

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;
export const laterTurn = () => new Promise((resolve) => setImmediate(resolve));
/** A request with this ID, to which a reply is expected. */
export const request = (id: string, more: Partial<Parcel> = {}) =>
  parcel('sum', { id, replyTo: 'replies', ...more });
export const errorsOf = (spans: readonly RecordedSpan[]) =>
  spans.map(({ attributes }) => attributes['error.type']);
export const ofKind = (spans: readonly RecordedSpan[], kind: SpanKind) =>
  spans.filter((span) => span.kind === kind);
/** The delivery of a sent message, with its headers in new objects. */
export const delivered = (sent: Parcel): Parcel => ({ ...sent, headers: { ...sent.headers } });

/** Waits until this number of spans is open. */
export async function untilOpen(recorder: Recorder, count: number): Promise<void> {
  while (recorder.open().length !== count) await laterTurn();
}

/** Runs `run` in a span of the application. */
export function inSpan<T>(name: string, run: (span: Span) => T): T {
  const span = trace.getTracer('test').startSpan(name);
  try {
    return context.with(trace.setSpan(context.active(), span), () => run(span));
  } finally {
    span.end();
  }
}
