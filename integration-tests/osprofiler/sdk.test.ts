// The processor with both tracers: Clew's, and OpenTelemetry's SDK.
import { createPropagator } from '@clew/core';
import { osprofilerFormat, osprofilerPoints, type Point } from '@clew/osprofiler';
import { TracerProvider } from '@clew/tracer';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { TracerProvider as SdkTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { BASE_ID, PARENT_ID, signed, text } from '../../packages/osprofiler/test/golden-rows.ts';

const format = osprofilerFormat({ hmacKeys: 'SECRET_KEY' });
const propagator = createPropagator({
  extract: [format],
  inject: [],
  extractBeside: [],
  injectBeside: [],
});

test.each([
  [
    'Clew',
    (processor: SpanProcessor) => new TracerProvider({ exporter: false, spanProcessors: [processor] }),
  ],
  [
    "OpenTelemetry's SDK",
    (processor: SpanProcessor) => new SdkTracerProvider({ spanProcessors: [processor] }),
  ],
])('points of spans of %s', async (_, start) => {
  const written: Point[] = [];
  const write = async (points: readonly Point[]) => void written.push(...points);
  const provider = start(osprofilerPoints({ write }, { project: 'shop' }));
  const tracer = provider.getTracer('test');
  const headers = Object.entries(signed(text({ base_id: BASE_ID, parent_id: PARENT_ID })));
  const carrier = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const incoming = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  const attributes = { 'http.request.method': 'GET', 'url.path': '/' };
  const server = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, incoming);
  const child = tracer.startSpan('work', {}, trace.setSpan(incoming, server));
  child.recordException(new RangeError('too large'));
  child.setStatus({ code: 2, message: 'too large' });
  child.end();
  server.end();
  await provider.shutdown();
  const serverId = `00000000-0000-0000-${server.spanContext().spanId.replace(/^(.{4})/, '$1-')}`;
  expect(written).toMatchObject([
    { name: 'work-start', base_id: BASE_ID, parent_id: serverId },
    { name: 'work-stop', info: { etype: 'RangeError', message: 'too large' } },
    { name: 'wsgi-start', base_id: BASE_ID, trace_id: serverId, parent_id: PARENT_ID, project: 'shop' },
    { name: 'wsgi-stop', trace_id: serverId },
  ]);
});
