// A bundled entry point of its own: internal modules must not import it.
export { countSpans, decodeTraces } from './decode-traces.ts';
export type { LogRecord } from './log-record.ts';
export { OtlpError } from './otlp-limits.ts';
export type * from './span-record.ts';
