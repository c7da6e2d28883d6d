import type { Context } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { currentContext } from '../operation.ts';

/** The current context; `undefined` if tracing is suppressed in it. */
export function queryContext(): Context | undefined {
  const current = currentContext();
  return isTracingSuppressed(current) ? undefined : current;
}
