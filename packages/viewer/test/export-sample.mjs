// Records a server span with a failed client span, and exports both with OpenTelemetry's own exporter.
// Usage: node export-sample.mjs application/x-protobuf|application/json URL [gzip]
// A separate process: the exporter loads modules dynamically, which Jest's module registry does not support.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const [type, url, compression = 'none'] = process.argv.slice(2);
const Exporter = type === 'application/json' ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({ url: `${url}/v1/traces`, compression });
const provider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop', 'process.pid': 42 }),
  spanProcessors: [new BatchSpanProcessor({ exporter })],
});
const tracer = provider.getTracer('sample', '1.2.3');

const server = tracer.startSpan(
  'GET /möhren',
  { kind: SpanKind.SERVER, startTime: [1_782_907_200, 1] },
  ROOT_CONTEXT,
);
server.setAttributes({ text: 'käse', yes: true, no: false, integer: -7, fraction: 0.25 });
server.setAttributes({ list: ['a', 'b'], numbers: [1, 2] });

const linked = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
const client = tracer.startSpan(
  'SELECT',
  {
    kind: SpanKind.CLIENT,
    links: [{ context: linked, attributes: { why: 'batch' } }],
    startTime: [1_782_907_200, 2_000_000],
  },
  trace.setSpan(ROOT_CONTEXT, server),
);
client.addEvent('retry', { attempt: 2 }, [1_782_907_200, 2_500_000]);
client.setStatus({ code: SpanStatusCode.ERROR, message: 'no such table' });
client.end([1_782_907_200, 3_000_000]);
server.end([1_782_907_200, 5_000_001]);

await provider.forceFlush();
await provider.shutdown();
