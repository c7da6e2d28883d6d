// Invocations of functions that `traceHandler` wraps, and events of AWS's services with the context of a sender.
import { callerSpan, currentSpanId, type RecordedSpan, type recordSpans, within } from '@clew/testing';
import { context as api, propagation, type SpanKind } from '@opentelemetry/api';
import { traceHandler } from '../../packages/instrumentation-aws-lambda/src/index.ts';

export const context = {
  awsRequestId: 'request-1',
  functionName: 'orders',
  functionVersion: '7',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:orders:live',
  getRemainingTimeInMillis: () => 3000,
};

/** The span of a sender that has ended, and the headers of its context. */
export async function sender(recorder: ReturnType<typeof recordSpans>) {
  const span = callerSpan('sender');
  const headers: Record<string, string> = {};
  within(span, () => propagation.inject(api.active(), headers));
  span.end();
  await recorder.take(1);
  return { ...span.spanContext(), headers };
}

export const invoke = (event: unknown, options = {}) =>
  traceHandler(async (..._args: unknown[]) => currentSpanId(), options)(event, context);
export const only = (spans: readonly RecordedSpan[], kind: SpanKind) =>
  spans.filter((span) => span.kind === kind);

export const record = (headers: object, queue = 'jobs') => ({
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${queue}`,
  body: '{}',
  attributes: { ApproximateReceiveCount: '1' },
  messageAttributes: Object.fromEntries(
    Object.entries(headers).map(([name, stringValue]) => [name, { stringValue, dataType: 'String' }]),
  ),
});

export const notification = (headers: object) => ({
  Type: 'Notification',
  TopicArn: 'arn:aws:sns:us-east-1:000000000000:news',
  MessageAttributes: Object.fromEntries(
    Object.entries(headers).map(([name, Value]) => [name, { Type: 'String', Value }]),
  ),
});
