import { ATTR, errors, type Operation, propagationDefaults, startOperation } from '@clew/core/plugin';
import { type Context, propagation, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { callerContext } from './caller-context.ts';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { type Launch, matchesPrograms } from './launch.ts';

/** A child process being started: its span, if any, and the context to propagate, if any. */
export interface StartedChild {
  readonly operation: Operation | undefined;
  readonly childContext: Context | undefined;
}

/** How a child process ended, as far as Node reports it. */
export interface Outcome {
  readonly pid?: number | undefined;
  readonly code?: number | null | undefined;
  readonly signal?: string | null | undefined;
  /** Why it could not be started, or was aborted. */
  readonly error?: unknown;
}

/** Starts the span of a child process; returns `undefined` if there is no trace to continue. */
export function startChild(tools: ChildProcessTools, launch: Launch | undefined): StartedChild | undefined {
  const caller = launch && callerContext();
  if (launch === undefined || caller === undefined) return undefined;
  // Children are not hosts: of the propagation defaults, only `none` applies to them.
  const fallback = propagationDefaults().sendTo === 'none' ? 'none' : 'node';
  const { spans, propagateTo = fallback, propagateBaggageTo = 'none' } = tools.options;
  const isPropagated = matchesPrograms(propagateTo, launch);
  const hasBaggage = isPropagated && matchesPrograms(propagateBaggageTo, launch);
  const operation =
    spans && !launch.isPooled && isSampled(caller) ? startChildSpan(tools, launch, caller) : undefined;
  const from = operation?.context ?? caller;
  return {
    operation,
    childContext: isPropagated ? (hasBaggage ? from : propagation.deleteBaggage(from)) : undefined,
  };
}

/**
 * Ends the span of a child process. Of an error only the type is recorded, because Node includes the command with all
 * its arguments in messages. Source: https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/
 */
export function endSpan(operation: Operation | undefined, { pid, code, signal, error }: Outcome): void {
  if (operation === undefined) return;
  const failure = error == null ? (signal ?? (code ? `${code}` : undefined)) : errors.typeOf(error);
  if (failure !== undefined && operation.recording) operation.span.setStatus({ code: SpanStatusCode.ERROR });
  operation.end({
    ...(pid && { [ATTR.processPid]: pid }),
    ...(code != null && { [ATTR.processExitCode]: code }),
    ...(failure !== undefined && { [ATTR.errorType]: failure }),
  });
}

function isSampled(caller: Context): boolean {
  const { traceFlags = TraceFlags.NONE } = trace.getSpanContext(caller) ?? {};
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}

function startChildSpan(
  tools: ChildProcessTools,
  { executable, programs }: Launch,
  caller: Context,
): Operation | undefined {
  const attributes = { [ATTR.processExecutableName]: executable };
  return startOperation(`${tools.name}: starting a span`, caller, (parent) =>
    tools.tracer.startSpan(programs[0] ?? executable, { kind: SpanKind.CLIENT, attributes }, parent),
  );
}
