import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import type { RecordedSpan, Recorder } from '@clew/testing';
import { context, type SpanKind, trace } from '@opentelemetry/api';
import type { Api, Message, TestChannel, TestConnection } from './apis.ts';

export const body = Buffer.from('{"order":7}');

/** Runs `work` with a traced connection and a channel of it. */
export async function traced(
  api: Api,
  url: string,
  options: object,
  work: (connection: TestConnection, channel: TestChannel) => Promise<void>,
): Promise<void> {
  const instrumentation = new AmqplibInstrumentation(options);
  instrumentation.instrument(api.module);
  const connection = await api.connect(url);
  // Some tests interrupt the connection.
  connection.raw.on('error', () => {});
  try {
    await work(connection, await connection.channel());
  } finally {
    await connection.close().catch(() => {});
    instrumentation.disable();
  }
}

/** Consumes a queue, and returns the result of `handle` for the first delivery. */
export function delivered<T>(
  channel: TestChannel,
  queue: string,
  handle: (message: Message) => T,
  options: object = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const consumer = (message: Message | null) => {
      if (message === null) return undefined;
      const result = handle(message);
      resolve(result);
      return result;
    };
    channel.consume(queue, consumer, options).catch(reject);
  });
}

export function inSpan<T>(name: string, run: () => T): T {
  const span = trace.getTracer('test').startSpan(name);
  try {
    return context.with(trace.setSpan(context.active(), span), run);
  } finally {
    span.end();
  }
}

/** The only span with a name. */
export function named(spans: readonly RecordedSpan[], name: string): RecordedSpan {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1)
    throw new Error(`${found.length} of "${name}" in ${spans.map((span) => span.name).join(', ')}`);
  return found[0]!;
}

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

/** Waits until `holds`; fails after thirty seconds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`timeout: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The spans of one kind. */
export const ofKind = (spans: readonly RecordedSpan[], kind: SpanKind) =>
  spans.filter((span) => span.kind === kind);

/** The error types of spans. */
export const errorsOf = (spans: readonly RecordedSpan[]) =>
  spans.map(({ attributes }) => attributes['error.type']);

/** `name: error.type` of all spans, in the order of their starts. */
export async function outcomes(recorder: Recorder, count: number): Promise<string[]> {
  const spans = await recorder.take(count);
  return spans.map(({ name, attributes }) => `${name}: ${attributes['error.type'] ?? 'ok'}`);
}
