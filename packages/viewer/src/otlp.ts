// Entries are bundled each on its own: the rooms inside import one another, never an entry.
export { countSpans, decodeTraces } from './decode-traces.ts';
export { OtlpError } from './otlp-limits.ts';
export type * from './span-record.ts';
