import type { SpanProcessor } from '@clew/tracer';
import { diag } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import { loadExport } from './load-export.ts';

const VARIABLE = 'CLEW_OSPROFILER_POINTS';
const CREATE = '@clew/osprofiler#osprofilerPointsFromEnvironment';

/**
 * The span processor that writes OSProfiler's trace points, if `CLEW_OSPROFILER_POINTS` is set. If it cannot be created,
 * the reason is logged.
 */
export function tracePointsFrom(environment: Environment): readonly SpanProcessor[] {
  if (environment.text(VARIABLE) === undefined) return [];
  try {
    const create = loadExport(CREATE) as () => SpanProcessor;
    return [create()];
  } catch (fault) {
    diag.warn(`@clew/node: ${VARIABLE} is ignored: ${(fault as Error).message}`);
    return [];
  }
}
