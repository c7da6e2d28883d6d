export { type Collector, type CollectorOptions, startCollector } from './collector.ts';
export { countSpans, decodeTraces } from './decode-traces.ts';
export { OtlpError } from './otlp-limits.ts';
export type { AdaptiveOptions } from './sampling/adaptive-sampling.ts';
export type { PoliciesInForce } from './sampling/policy-file.ts';
export type * from './span-record.ts';
export { type StoreOptions, type TraceQuery, TraceStore, type TraceSummary, traceFromJson } from './store.ts';
export { renderWaterfallSvg, type SvgOptions } from './svg.ts';
export { renderWaterfall, type WaterfallOptions } from './waterfall.ts';
