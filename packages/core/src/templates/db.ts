import { type Context, INVALID_SPAN_CONTEXT, trace } from '@opentelemetry/api';
import { suppressTracing } from '../context/suppression.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import { takeWait } from './db-acquire.ts';
import { parameterAttributes, type StatementSpan, shortened, spanOf } from './db-attributes.ts';
import { metricsOf } from './db-metrics.ts';
import { QueryOperation, running } from './db-operation.ts';
import type { CommandOptions, DbOptions } from './db-options.ts';
import { queryContext } from './db-parent.ts';
import type { DbQuery } from './db-query.ts';
import { Measurement } from './measurement.ts';
import { isRecorded } from './recorded-call.ts';

/** The tools of a plugin for a database, with or without bound values. */
export type DbTools = Tools<CommandOptions & Partial<DbOptions>>;

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const NO_NAMES: readonly string[] = [];

/**
 * Starts the CLIENT span of a query; the caller ends it. Returns `undefined` if the query is not traced; then `describe`
 * is not called. No value is recorded: literals become `?`, in the statement and in the message of an error.
 *
 * There is one span for a query: where a library's query calls the driver directly, inside the `run` of its operation
 * and with the same statement, the driver's plugin gets an operation that adds to the same span and does not end it.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function startQuery(tools: DbTools, describe: () => DbQuery): QueryOperation | undefined {
  const parent = queryContext();
  if (parent === undefined) return undefined;
  const outer = running.query;
  const recorded = isRecorded(tools, parent);
  if (!recorded && tools.meter === undefined && outer === undefined) return undefined;
  return guard(`${tools.name}: starting a span`, () => {
    const query = describe();
    const joined = outer?.join(query, parent);
    if (joined !== undefined) return joined;
    return recorded || tools.meter !== undefined ? start(tools, parent, query, recorded) : undefined;
  });
}

function start(tools: DbTools, parent: Context, query: DbQuery, recorded: boolean): QueryOperation {
  const statement = spanOf(query, tools.options);
  // Tracing is suppressed for the driver below, too.
  if (statement.isIgnored) return new QueryOperation(NO_SPAN, suppressTracing(parent), parent, query);
  const { meter } = tools;
  const measurement = meter && new Measurement(metricsOf(meter).duration, statement.measured);
  if (!recorded) return new QueryOperation(NO_SPAN, parent, parent, query, measurement);
  const span = tools.tracer.startSpan(statement.name, optionsOf(tools, statement, query), parent);
  return new QueryOperation(span, trace.setSpan(parent, span), parent, query, measurement);
}

/** Most queries share their attributes with those of the same statement. */
function optionsOf({ options }: DbTools, statement: StatementSpan, query: DbQuery): StatementSpan['options'] {
  const { batchSize = 1, connection, storedProcedure, values } = query;
  const waitMs = takeWait(connection);
  const { recordParameters = NO_NAMES } = options;
  const text = query.text === undefined ? undefined : shortened(query.text, options.maxQueryLength);
  const isShared = waitMs === undefined && text === undefined && storedProcedure === undefined;
  if (isShared && batchSize < 2 && recordParameters.length === 0) return statement.options;
  return {
    ...statement.options,
    attributes: {
      ...statement.options.attributes,
      ...(text !== undefined && { [ATTR.dbQueryText]: text }),
      ...(storedProcedure !== undefined && { [ATTR.dbStoredProcedureName]: storedProcedure }),
      ...(waitMs !== undefined && { [ATTR.connectionWaitMs]: Number(waitMs.toFixed(3)) }),
      ...(batchSize > 1 && { [ATTR.dbOperationBatchSize]: batchSize }),
      ...(batchSize < 2 && parameterAttributes(values, recordParameters)),
    },
  } as StatementSpan['options'];
}
