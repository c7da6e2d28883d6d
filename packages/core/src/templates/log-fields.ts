import { isSpanContextValid, type Span, trace } from '@opentelemetry/api';
import { type OptionsOf, option } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';

/** The fields that a plugin adds to a log record: the ids of the current span, and those of the application's hook. */
export type LogFields = Record<string, unknown>;

/** The names of fields that differ from the default. */
export interface LogFieldNames {
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly traceFlags?: string | undefined;
}

/** Source: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ */
const DEFAULT_NAMES = { traceId: 'trace_id', spanId: 'span_id', traceFlags: 'trace_flags' } as const;

/** The options of every plugin for a logger. */
export const logOptions = {
  /** The names of the fields, where they differ from `trace_id`, `span_id` and `trace_flags`. */
  fields: option.custom(
    'an object with different names for "traceId" | "spanId" | "traceFlags"',
    areFieldNames,
  ),
  /** Called with the current span and the fields for a record, which it may add to, change and delete. */
  logHook: option.hook<(span: Span, fields: LogFields) => void>(),
} as const;

/** The values of {@link logOptions}. */
export type LogOptions = OptionsOf<typeof logOptions>;

/**
 * Returns the fields for a record that is logged now: ids and flags of the current span, whether it is sampled or not.
 * Returns `undefined` if there is no span.
 */
export function currentLogFields(tools: Tools<LogOptions>): LogFields | undefined {
  const span = trace.getSpan(currentContext());
  const { fields: names, logHook } = tools.options;
  const fields = idFields(span, names);
  if (span !== undefined && fields !== undefined) tools.callHook(logHook, span, fields);
  return fields;
}

/** Returns the same fields with their default names, without an application's hook. */
export function currentIdFields(): LogFields | undefined {
  return idFields(trace.getSpan(currentContext()));
}

function idFields(span: Span | undefined, names?: LogFieldNames): LogFields | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  return {
    [names?.traceId ?? DEFAULT_NAMES.traceId]: spanContext.traceId,
    [names?.spanId ?? DEFAULT_NAMES.spanId]: spanContext.spanId,
    [names?.traceFlags ?? DEFAULT_NAMES.traceFlags]: spanContext.traceFlags.toString(16).padStart(2, '0'),
  };
}

function areFieldNames(value: unknown): value is LogFieldNames {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const given = Object.entries(value).filter(([, name]) => name !== undefined);
  const all = Object.values({ ...DEFAULT_NAMES, ...Object.fromEntries(given) });
  return (
    given.every(
      ([key, name]) => Object.hasOwn(DEFAULT_NAMES, key) && typeof name === 'string' && name !== '',
    ) && new Set(all).size === all.length
  );
}
