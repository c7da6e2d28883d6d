import { isTracingSuppressed } from '@clew/core';
import { currentContext } from '@clew/core/plugin';
import { type Context, trace } from '@opentelemetry/api';

/** The context that a child continues; none where no span is current, or nothing is to be traced. */
export function callersContext(): Context | undefined {
  const caller = currentContext();
  const parent = trace.getSpanContext(caller);
  const isTraced = parent !== undefined && trace.isSpanContextValid(parent) && !isTracingSuppressed(caller);
  return isTraced ? caller : undefined;
}
