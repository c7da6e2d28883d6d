import { type Context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import type { CommandOptions } from './db-options.ts';

/** The current context; `undefined` if tracing is suppressed in it. */
export function queryContext(): Context | undefined {
  const current = currentContext();
  return isTracingSuppressed(current) ? undefined : current;
}

/**
 * Whether a query in this context can have a span. A query propagates no context: if the parent is not recorded, a span
 * is not needed.
 */
export function isRecorded({ options }: Tools<CommandOptions>, parent: Context): boolean {
  const span = trace.getSpan(parent);
  return span === undefined ? !options.requireParentSpan : span.isRecording();
}
