import { isTracingSuppressed } from '@clew/core';
import { currentContext } from '@clew/core/plugin';
import { type Context, trace } from '@opentelemetry/api';

/** Returns the context that a child continues; `undefined` without an active span or if tracing is suppressed. */
export function callerContext(): Context | undefined {
  const caller = currentContext();
  const parent = trace.getSpanContext(caller);
  const isTraced = parent !== undefined && trace.isSpanContextValid(parent) && !isTracingSuppressed(caller);
  return isTraced ? caller : undefined;
}
