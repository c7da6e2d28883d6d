import { createRecorder, prepareRecorder, type Recorder } from '@clew/testing';
import { context, propagation, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { sdkRecorder } from '../../../integration-tests/opentelemetry/sdk-recorder.ts';

let recorder: Recorder;
beforeEach(() => {
  recorder = createRecorder();
});
afterEach(() => recorder.stop());

const tracer = () => trace.getTracer('shop', '1.2.3');

test('a recorded span has everything that was set on it', async () => {
  const parent = tracer().startSpan('parent');
  const span = tracer().startSpan(
    'checkout',
    { kind: SpanKind.CLIENT, attributes: { a: 1 }, startTime: 1_700_000_000_000 },
    trace.setSpan(context.active(), parent),
  );
  span
    .setAttribute('b', 'two')
    .setAttributes({ c: true })
    .addEvent('packed', { boxes: 3 })
    .setStatus({ code: SpanStatusCode.ERROR, message: 'late' })
    .updateName('pay');
  span.recordException(new RangeError('too much'));
  span.end();
  parent.end();
  const [first, second] = await recorder.take(2);
  expect(first?.name).toBe('parent');
  expect(second).toMatchObject({
    name: 'pay',
    kind: SpanKind.CLIENT,
    traceId: first?.traceId,
    parentSpanId: first?.spanId,
    parentIsRemote: false,
    attributes: { a: 1, b: 'two', c: true },
    status: { code: SpanStatusCode.ERROR, message: 'late' },
    events: [
      { name: 'packed', attributes: { boxes: 3 } },
      {
        name: 'exception',
        attributes: { 'exception.type': 'RangeError', 'exception.message': 'too much' },
      },
    ],
    scope: { name: 'shop', version: '1.2.3' },
    startTimeMs: 1_700_000_000_000,
  });
});

test('a remote parent is marked as remote', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const remote = propagation.extract(context.active(), { traceparent });
  tracer().startSpan('served', {}, remote).end();
  const [span] = await recorder.take(1);
  expect(span).toMatchObject({ parentIsRemote: true, parentSpanId: 'b7ad6b7169203331' });
});

test('a root span has no parent even if a span is current', async () => {
  tracer().startActiveSpan('outer', (outer) => {
    tracer().startSpan('root', { root: true }).end();
    outer.end();
  });
  const [outer, root] = await recorder.take(2);
  expect(root?.parentSpanId).toBeUndefined();
  expect(root?.traceId).not.toBe(outer?.traceId);
});

test('take waits until all spans have ended', async () => {
  const late = tracer().startSpan('late');
  const taking = recorder.take(2);
  tracer().startSpan('early').end();
  expect(recorder.open().map(({ name }) => name)).toEqual(['late']);
  setImmediate(() => late.end());
  expect((await taking).map(({ name }) => name)).toEqual(['late', 'early']);
  expect(recorder.spans()).toEqual([]);
});

test('take rejects with the names of the spans if there are too many', async () => {
  for (const name of ['one', 'two', 'three']) tracer().startSpan(name).end();
  await expect(recorder.take(2)).rejects.toThrow('expected 2 spans, got 3: "one", "two", "three"');
});

test('an unsampled span has ids, records nothing and counts calls on it', () => {
  recorder.sampling = 'none';
  const span = tracer().startSpan('quiet');
  expect(span.isRecording()).toBe(false);
  expect(span.spanContext()).toMatchObject({ traceFlags: TraceFlags.NONE });
  expect(trace.isSpanContextValid(span.spanContext())).toBe(true);
  span.setAttribute('a', 1).addEvent('b');
  span.end();
  expect(recorder.wastedCalls).toBe(2);
  expect(recorder.spans()).toEqual([]);
  recorder.verify();
});

describe('verify', () => {
  test('passes if all spans were checked', () => {
    tracer().startSpan('seen').end();
    recorder.spans();
    expect(() => recorder.verify()).not.toThrow();
  });

  test('reports spans that were not checked', () => {
    tracer().startSpan('forgotten').end();
    expect(() => recorder.verify()).toThrow('spans that were not checked: "forgotten"');
    expect(() => recorder.verify()).not.toThrow();
  });

  test('reports spans that have not ended', () => {
    tracer().startSpan('open');
    expect(() => recorder.verify()).toThrow('spans that have not ended: "open"');
  });

  test('reports spans that are used after their end', () => {
    const span = tracer().startSpan('twice');
    span.end();
    span.end();
    recorder.spans();
    expect(() => recorder.verify()).toThrow('end() after the end of the span "twice"');
  });

  test('reports a context that is still current', () => {
    const token = context.attach(context.active().setValue(Symbol('left'), true));
    expect(() => recorder.verify()).toThrow('a context is still current');
    token.dispose();
    expect(() => recorder.verify()).not.toThrow();
  });
});

test('stop restores the globals of the API', () => {
  recorder.stop();
  expect(tracer().startSpan('unrecorded').isRecording()).toBe(false);
  const other = prepareRecorder();
  other.start();
  expect(tracer().startSpan('recorded').isRecording()).toBe(true);
  other.stop();
});

test('a second recorder throws while the first one is installed', () => {
  expect(() => createRecorder()).toThrow('another context manager is installed');
});

test('records the spans of a tracer provider that uses its hooks', async () => {
  recorder.stop();
  const sdk = createRecorder(sdkRecorder());
  try {
    const parent = tracer().startSpan('parent');
    const inParent = trace.setSpan(context.active(), parent);
    const child = tracer().startSpan(
      'child',
      { attributes: { a: 1 }, startTime: 1_700_000_000_000 },
      inParent,
    );
    expect(sdk.open().map(({ name }) => name)).toEqual(['parent', 'child']);
    child.addEvent('step', { b: 2 });
    child.end(1_700_000_000_500);
    parent.end();
    const [first, second] = await sdk.take(2);
    expect(second).toMatchObject({
      name: 'child',
      parentSpanId: first?.spanId,
      attributes: { a: 1 },
      events: [{ name: 'step', attributes: { b: 2 } }],
      scope: { name: 'shop', version: '1.2.3' },
      startTimeMs: 1_700_000_000_000,
      endTimeMs: 1_700_000_000_500,
    });
    sdk.sampling = 'none';
    tracer().startSpan('unrecorded').end();
    sdk.verify();
    sdk.sampling = 'all';
    tracer().startSpan('unchecked').end();
    expect(() => sdk.verify()).toThrow('"unchecked"');
  } finally {
    sdk.stop();
  }
});
