// Logs a message in a span and one without a span, and exports both with OpenTelemetry's own exporter.
// Usage: node export-logs.mjs application/x-protobuf|application/json URL [gzip]
import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';

const [type, url, compression = 'none'] = process.argv.slice(2);
const Exporter = type === 'application/json' ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({ url: `${url}/v1/logs`, compression });
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop' }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
const logger = provider.getLogger('checkout', '1.2.3');
const context = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00000000000000a1',
  traceFlags: 1,
});
logger.emit({
  context,
  timestamp: [1_782_907_200, 2_500_000],
  severityNumber: SeverityNumber.ERROR,
  severityText: 'error',
  body: 'möhren are sold out',
  attributes: { pieces: 2, list: ['a', 'b'], nested: { deep: true } },
});
logger.emit({
  context,
  timestamp: [1_782_907_200, 3_500_000],
  severityNumber: SeverityNumber.INFO2,
  eventName: 'order.cancelled',
  body: { order: 7, reason: null },
});
logger.emit({ context: ROOT_CONTEXT, body: 'no trace' });

await provider.forceFlush();
await provider.shutdown();
