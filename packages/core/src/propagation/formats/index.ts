import type { TraceFormat } from '../format.ts';
import { w3cTraceContext } from './w3c-trace-context.ts';

/** The wire formats by the names that `OTEL_PROPAGATORS` and `init({ propagation })` know. */
export const TRACE_FORMATS: ReadonlyMap<string, TraceFormat> = new Map(
  [w3cTraceContext].map((format) => [format.name, format]),
);
