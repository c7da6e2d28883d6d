import { propagationPolicy } from '@clew/core/internal';
import { ATTR, errorType, type Operation, startOperation } from '@clew/core/plugin';
import { type Context, propagation, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { callersContext } from './caller.ts';
import type { ChildProcessTools } from './child-process-instrumentation.ts';
import { isAmong, type Launch } from './launch.ts';

/** A start that has begun: its span, if it has one, and the context that the child continues, if it does. */
export interface Start {
  readonly operation: Operation | undefined;
  readonly carry: Context | undefined;
}

/** How a child process ended, as far as Node says. */
export interface Outcome {
  readonly pid?: number | undefined;
  readonly code?: number | null | undefined;
  readonly signal?: string | null | undefined;
  /** Why it could not be started, or was given up. */
  readonly error?: unknown;
}

/** Begins to start a child process; nothing comes back where no trace goes on. */
export function beginStart(tools: ChildProcessTools, launch: Launch | undefined): Start | undefined {
  const caller = launch && callersContext();
  if (launch === undefined || caller === undefined) return undefined;
  // Children are no hosts: only a policy that tells nobody says something of them.
  const usual = propagationPolicy().sendTo === 'none' ? 'none' : 'node';
  const { spans, propagateTo = usual, propagateBaggageTo = 'none' } = tools.options;
  const isCarried = isAmong(propagateTo, launch);
  const hasBaggage = isCarried && isAmong(propagateBaggageTo, launch);
  const operation =
    spans && !launch.isPooled && isSampled(caller) ? beginSpan(tools, launch, caller) : undefined;
  const from = operation?.context ?? caller;
  return { operation, carry: isCarried ? (hasBaggage ? from : propagation.deleteBaggage(from)) : undefined };
}

/**
 * Ends the span of a child process. An error gives its type only: Node writes the command with all its arguments
 * into messages. Source: https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/
 */
export function endSpan(operation: Operation | undefined, { pid, code, signal, error }: Outcome): void {
  if (operation === undefined) return;
  const failure = error == null ? (signal ?? (code ? `${code}` : undefined)) : errorType(error);
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

function beginSpan(
  tools: ChildProcessTools,
  { executable, programs }: Launch,
  caller: Context,
): Operation | undefined {
  const attributes = { [ATTR.processExecutableName]: executable };
  return startOperation(`${tools.name}: starting a span`, caller, (parent) =>
    tools.tracer.startSpan(programs[0] ?? executable, { kind: SpanKind.CLIENT, attributes }, parent),
  );
}
