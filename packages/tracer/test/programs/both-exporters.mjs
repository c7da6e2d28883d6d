// Sends one trace to two receivers, with Clew's exporter and with OpenTelemetry's.

import { TracerProvider } from '@clew/tracer';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

const [ours, theirs] = process.argv.slice(2);
const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: theirs }) });
const provider = new TracerProvider({ exporter: { url: ours }, spanProcessors: [processor] });
const tracer = provider.getTracer('program', '1.0.0');
const parent = tracer.startSpan('parent', {
  kind: SpanKind.SERVER,
  attributes: { text: 'ä', n: 1.5, list: [1, 2] },
});
const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, parent));
child.recordException(new Error('wrong'));
child.setStatus({ code: SpanStatusCode.ERROR, message: 'wrong' }).end();
parent.end();
await provider.shutdown();
