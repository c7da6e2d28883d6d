export type { OtlpExporterOptions } from './exporter-options.ts';
export type { IdGenerator } from './ids.ts';
export type { SpanLimits } from './limits.ts';
export type { UnsentSpans } from './otlp-http-exporter.ts';
export { resourceOf } from './resource.ts';
export { alwaysOff, alwaysOn, type ParentBasedOptions, parentBased, traceIdRatioBased } from './samplers.ts';
export type {
  ExportResult,
  InstrumentationScope,
  ReadableSpan,
  Resource,
  Sampler,
  SamplingDecision,
  SamplingResult,
  SpanExporter,
  SpanProcessor,
  TimedEvent,
} from './sdk-interfaces.ts';
export type { DropCause, TracerStats } from './stats.ts';
export { type FlushOptions, TracerProvider, type TracerProviderOptions } from './tracer-provider.ts';
