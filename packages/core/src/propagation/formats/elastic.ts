import type { TraceFormat } from '../format.ts';
import { traceparentFormat } from './w3c-trace-context.ts';

/**
 * Elastic's older header, with the value of a `traceparent`; the sample rate of Elastic's agents is in `tracestate`.
 * Source: https://github.com/elastic/apm/blob/main/specs/agents/tracing-distributed-tracing.md
 */
export const elastic: TraceFormat = traceparentFormat('elastic', 'elastic-apm-traceparent');
