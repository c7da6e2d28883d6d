// OpenTelemetry's processors and exporters with Clew's spans.
import { type Context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { ConsoleSpanExporter, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { type ReadableSpan, type SpanExporter, type SpanProcessor, TracerProvider } from '../src/index.ts';
import { startCollector } from './collector.ts';
import { attributesOf, type OtlpSpan } from './otlp-decoder.ts';
import { runProgram } from './run-program.ts';

test('SimpleSpanProcessor and InMemorySpanExporter', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    exporter: false,
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('scope', '1');
  tracer.startActiveSpan('one', { attributes: { a: 1 } }, (span) =>
    span.setStatus({ code: SpanStatusCode.OK }).end(),
  );
  await provider.forceFlush();
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      name: 'one',
      attributes: { a: 1 },
      status: { code: SpanStatusCode.OK },
      instrumentationScope: { name: 'scope', version: '1' },
      ended: true,
    },
  ]);
  expect(exporter.getFinishedSpans()[0]!.resource.attributes['telemetry.sdk.name']).toBe('clew');
});

// OpenTelemetry's exporter loads its transport with import(), which does not work inside Jest.
test('BatchSpanProcessor and OTLPTraceExporter deliver the same spans as Clew’s exporter', async () => {
  const [clewReceiver, sdkReceiver] = [await startCollector(), await startCollector()];
  const { stderr, code } = await runProgram('both-exporters.mjs', clewReceiver.url, sdkReceiver.url);
  await Promise.all([clewReceiver.close(), sdkReceiver.close()]);
  expect([stderr, code]).toEqual(['', 0]);
  const byName = (spans: OtlpSpan[]) =>
    Object.fromEntries(spans.map((span) => [span.name, withContent(span)]));
  expect(Object.keys(byName(sdkReceiver.spans())).sort()).toEqual(['child', 'parent']);
  expect(byName(clewReceiver.spans())).toEqual(byName(sdkReceiver.spans()));
});

function withContent({ attributes, events, ...span }: OtlpSpan) {
  const { traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, flags, kind } = span;
  return {
    ...{ traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, flags, kind },
    attributes: attributesOf(attributes),
    events: events?.map((event) => [event.name, event.timeUnixNano, attributesOf(event.attributes)]) ?? [],
    status: span.status?.message ?? '',
  };
}

test('ConsoleSpanExporter prints a span', async () => {
  const printed: unknown[] = [];
  const dir = jest.spyOn(console, 'dir').mockImplementation((text) => void printed.push(text));
  const provider = new TracerProvider({ exporter: false, spanExporters: [new ConsoleSpanExporter()] });
  provider.getTracer('t').startSpan('printed').end();
  await provider.forceFlush();
  dir.mockRestore();
  expect(printed).toMatchObject([{ name: 'printed', instrumentationScope: { name: 't' } }]);
});

test('a span exporter gets batches of all sampled spans', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ exporter: false, spanExporters: [exporter] });
  const tracer = provider.getTracer('t');
  for (let i = 0; i < 1500; i++) tracer.startSpan(`s${i}`).end();
  await provider.forceFlush();
  expect(exporter.getFinishedSpans()).toHaveLength(1500);
  await provider.shutdown();
});

describe('a processor of the user', () => {
  test('is called in order and may change the span until it ends', () => {
    const calls: string[] = [];
    const contexts: Context[] = [];
    const spans: ReadableSpan[] = [];
    const processor = (id: string): SpanProcessor => ({
      onStart: (span, context) => {
        calls.push(`${id} start`);
        contexts.push(context);
        span.setAttribute(`${id}.start`, true);
      },
      onEnding: (span) => {
        calls.push(`${id} ending ${span.isRecording()}`);
        span.setAttribute(`${id}.ending`, true);
        span.end();
      },
      onEnd: (span) => {
        calls.push(`${id} end`);
        spans.push(span);
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    });
    const provider = new TracerProvider({
      exporter: false,
      spanProcessors: [processor('a'), processor('b')],
    });
    const parent = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: 1,
    });
    provider.getTracer('t').startSpan('s', {}, parent).end();
    expect(calls).toEqual(['a start', 'b start', 'a ending true', 'b ending true', 'a end', 'b end']);
    expect(contexts).toEqual([parent, parent]);
    expect(spans[0]!.attributes).toEqual({
      'a.start': true,
      'b.start': true,
      'a.ending': true,
      'b.ending': true,
    });
  });

  test('that throws or rejects in every method stops neither the others nor the application', async () => {
    const broken = () => {
      throw new Error('broken');
    };
    const bad: SpanProcessor = {
      onStart: broken,
      onEnding: broken,
      onEnd: broken,
      forceFlush: () => Promise.reject(new Error('broken')),
      shutdown: broken,
    };
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      exporter: false,
      spanProcessors: [bad, new SimpleSpanProcessor({ exporter })],
    });
    provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush();
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    await provider.shutdown();
  });
});

describe('an exporter of the user', () => {
  const exporting = (run: SpanExporter['export']): SpanExporter => ({
    export: run,
    shutdown: async () => {},
  });

  test.each([
    [
      'reports failure',
      exporting((_, done) => done({ code: ExportResultCode.FAILED, error: new Error('full') })),
    ],
    [
      'throws',
      exporting(() => {
        throw new Error('broken');
      }),
    ],
    ['is an async function and rejects', exporting(async () => Promise.reject(new Error('broken')))],
    ['reports nothing', exporting((_, done) => done(undefined as never))],
  ])('that %s drops and counts its spans', async (_, exporter) => {
    const provider = new TracerProvider({ exporter: false, spanExporters: [exporter] });
    provider.getTracer('t').startSpan('s').end();
    await provider.forceFlush();
    expect(provider.stats().dropped.failed).toBe(1);
    await provider.shutdown();
  });

  test('that never reports a result holds at most 2,048 spans and does not delay a shutdown', async () => {
    const provider = new TracerProvider({ exporter: false, spanExporters: [exporting(() => {})] });
    const tracer = provider.getTracer('t');
    for (let i = 0; i < 3000; i++) tracer.startSpan(`s${i}`).end();
    expect(provider.stats().dropped.queueFull).toBe(3000 - 2048);
    await provider.shutdown({ timeoutMs: 50 });
  });
});

test('a new span has no attributes, links, events or duration', () => {
  const span = new TracerProvider({ exporter: false })
    .getTracer('t')
    .startSpan('s') as unknown as ReadableSpan;
  expect(span).toMatchObject({
    attributes: {},
    links: [],
    events: [],
    ended: false,
    endTime: [0, 0],
    duration: [-1, -1],
  });
});
