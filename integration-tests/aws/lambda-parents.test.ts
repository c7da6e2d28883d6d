// Which traces functions that are wrapped by `traceHandler` continue.
import { createPropagator, TRACE_FORMATS, type TraceFormat } from '@clew/core';
import { recordSpans } from '@clew/testing';
import { propagation, SpanKind } from '@opentelemetry/api';
import { invoke, notification, only, record, sender } from './lambda-events.ts';

const recorder = recordSpans();

const REQUEST = { httpMethod: 'GET', path: '/o/1' };

test.each<[string, (headers: Record<string, string>) => object, string, string]>([
  ['a message of SQS', (headers) => ({ Records: [record(headers)] }), 'pubsub', 'orders'],
  [
    'a notification of SNS',
    (headers) => ({ Records: [{ EventSource: 'aws:sns', Sns: notification(headers) }] }),
    'pubsub',
    'orders',
  ],
  [
    'a notification in a message of SQS',
    (headers) => ({ Records: [{ ...record({}), body: JSON.stringify(notification(headers)) }] }),
    'pubsub',
    'orders',
  ],
  [
    'an event of EventBridge',
    (headers) => ({ 'detail-type': 'd', source: 's', detail: { _context: headers } }),
    'pubsub',
    'orders',
  ],
  [
    'an event with a traceparent of its own',
    (headers) => ({ 'detail-type': 'd', source: 's', detail: headers }),
    'pubsub',
    'orders',
  ],
  ['the input of a state machine', (headers) => ({ _context: headers }), 'other', 'orders'],
  [
    'API Gateway, version 1',
    ({ traceparent }) => ({
      ...REQUEST,
      resource: '/o/{id}',
      requestContext: {},
      headers: { Traceparent: traceparent },
      multiValueHeaders: { Traceparent: [traceparent] },
    }),
    'http',
    'GET /o/{id}',
  ],
  [
    'API Gateway, version 2',
    (headers) => ({
      routeKey: 'GET /o/{id}',
      rawPath: '/o/1',
      requestContext: { http: { method: 'GET' } },
      headers,
    }),
    'http',
    'GET /o/{id}',
  ],
  [
    'a load balancer',
    ({ traceparent }) => ({
      ...REQUEST,
      requestContext: { elb: {} },
      multiValueHeaders: { traceparent: [traceparent] },
    }),
    'http',
    'orders',
  ],
])('%s continues its trace, unless it is not trusted', async (_name, eventOf, trigger, name) => {
  const { headers, traceId, spanId } = await sender(recorder);
  const event = eventOf(headers);
  const count = 'Records' in event ? 2 : 1;
  await invoke(event);
  const [continued] = only(await recorder.take(count), SpanKind.SERVER);
  expect([continued!.name, continued!.parentSpanId]).toEqual([name, spanId]);
  expect(continued!.attributes).toMatchObject({
    'faas.trigger': trigger,
    'faas.invocation_id': 'request-1',
    'cloud.resource_id': 'arn:aws:lambda:us-east-1:000000000000:function:orders:7',
  });
  await invoke(event, { trust: 'link' });
  const [linked] = only(await recorder.take(count), SpanKind.SERVER);
  expect(linked!.traceId).not.toBe(traceId);
  expect(linked!.links.map((link) => link.context.spanId)).toEqual([spanId]);
});

test("the platform's header is read only if X-Ray is among the formats", async () => {
  const traceId = '5759e988bd862e3fe1be46a994272793';
  const { headers, spanId } = await sender(recorder);
  process.env._X_AMZN_TRACE_ID = `Root=1-5759e988-${traceId.slice(8)};Parent=53995c3f42cd8ad8;Sampled=1`;
  try {
    await invoke({});
    const xray = ['xray', 'tracecontext'].map((name) => TRACE_FORMATS.get(name) as TraceFormat);
    propagation.disable();
    propagation.setGlobalPropagator(
      createPropagator({ extract: xray, inject: xray, extractBeside: [], injectBeside: [] }),
    );
    await invoke({});
    await invoke({ Records: [record(headers)] });
    await invoke({ Records: [record({})] });
    await invoke({ Records: [record({}), record({})] });
    const spans = only(await recorder.take(8), SpanKind.SERVER);
    expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([
      undefined,
      '53995c3f42cd8ad8',
      spanId,
      '53995c3f42cd8ad8',
      undefined,
    ]);
    expect(spans[1]!.traceId).toBe(traceId);
  } finally {
    delete process.env._X_AMZN_TRACE_ID;
  }
});
