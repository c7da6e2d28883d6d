import { Environment } from '../src/environment.ts';
import { exporterFrom } from '../src/exporter-options.ts';

// Times and sizes, which cannot be observed from outside without waiting.
test.each([
  [{}, {}],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '2500' }, { timeoutMs: 2500 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '2500', OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '3500' }, { timeoutMs: 3500 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '0' }, { timeoutMs: 600_000 }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '2147483647' }, { timeoutMs: 600_000 }],
  [{ OTEL_BSP_EXPORT_TIMEOUT: '45000' }, { retryForMs: 45_000 }],
  [{ OTEL_BSP_EXPORT_TIMEOUT: '0' }, { retryForMs: 3_600_000 }],
  [{ OTEL_BSP_SCHEDULE_DELAY: '5000' }, { scheduleDelayMs: 5000 }],
  [{ OTEL_BSP_SCHEDULE_DELAY: '0' }, { scheduleDelayMs: 1 }],
  [{ OTEL_BSP_SCHEDULE_DELAY: '86400000' }, { scheduleDelayMs: 600_000 }],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '2048' }, { maxQueueBytes: 2_097_152 }],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '1' }, { maxQueueBytes: 65_536 }],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: '2147483647' }, { maxQueueBytes: 1_073_741_824 }],
  [{ CLEW_QUEUE_MAX_BYTES: '1000000' }, { maxQueueBytes: 1_000_000 }],
  [{ CLEW_QUEUE_MAX_BYTES: '1000000', OTEL_BSP_MAX_QUEUE_SIZE: '2048' }, { maxQueueBytes: 1_000_000 }],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '512' }, { maxBatchBytes: 524_288 }],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' }, { maxBatchBytes: 4096 }],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100000' }, { maxBatchBytes: 4_194_304 }],
])('%j set the exporter options %j', (variables, expected) => {
  expect(exporterFrom(new Environment(variables))).toEqual(expected);
});
