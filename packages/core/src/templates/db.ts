import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import { isCancellation } from '../cancellation.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard } from '../kit/failures.ts';
import { type OptionsOf, option } from '../kit/options.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext, Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import { type SharedAttributes, shareAttributes } from '../shared-attributes.ts';
import { statusCodeOf, withoutValues } from './db-error.ts';
import { readSql, type SqlReading } from './sql.ts';

/** The database that queries are sent to, in the terms of the semantic conventions. */
export interface Database {
  /** `db.system.name`: `postgresql`, `mysql`, `sqlite`. */
  readonly system: string;
  readonly namespace?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** One query of an application. */
export interface DbQuery {
  readonly database: Database;
  /** The statement with its placeholders, if there is one. */
  readonly sql: string | undefined;
  /** The bound values, used only to remove them from error messages. */
  readonly values?: readonly unknown[] | undefined;
  /** The time that the query waited for a connection of the pool, in milliseconds, if it is worth recording. */
  readonly waitMs?: number | undefined;
}

/** The options of every database plugin. */
export const dbOptions = {
  /** The maximum length of `db.query.text` in characters, 1022 by default; 0 omits it, -1 means no limit. */
  maxQueryLength: option.number(-1, Number.MAX_SAFE_INTEGER, 1022),
  /** Whether a query outside of a span is not traced; false by default. */
  requireParentSpan: option.boolean(false),
} as const;

/** The values of {@link dbOptions}. */
export type DbOptions = OptionsOf<typeof dbOptions>;

/** The operation of a query. Its error is recorded without the values that the application bound. */
export class QueryOperation extends Operation {
  readonly #query: DbQuery;

  constructor(span: Span, caller: Context, query: DbQuery) {
    super(span, trace.setSpan(caller, span), caller);
    this.#query = query;
  }

  override fail(error: unknown): void {
    if (!this.recording || isCancellation(error)) return;
    const { sql, values, database } = this.#query;
    const status = statusCodeOf(error);
    if (status !== undefined) this.span.setAttribute(ATTR.dbResponseStatusCode, status);
    super.fail(
      guard('reading the error of a query', () =>
        withoutValues(error, { system: database.system, sql, values }),
      ),
    );
  }
}

/** The parent context for the span of a query; `undefined` if the query is not traced. */
export function queryParent(tools: Tools<DbOptions>): Context | undefined {
  const parent = currentContext();
  if (isTracingSuppressed(parent)) return undefined;
  const span = trace.getSpan(parent);
  // A query propagates no context: if the parent is not recorded, a span is not needed.
  const wanted = span === undefined ? !tools.options.requireParentSpan : span.isRecording();
  return wanted ? parent : undefined;
}

/**
 * Starts the CLIENT span of a query; the caller ends it. `describe` is called only if a span is started.
 * No value is recorded: literals become `?`, in the statement and in the message of an error.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function startQuery(tools: Tools<DbOptions>, describe: () => DbQuery): QueryOperation | undefined {
  const parent = queryParent(tools);
  return parent && guard(`${tools.name}: starting a span`, () => start(tools, parent, describe()));
}

/** Records afterwards that no connection could be acquired, so that the query never ran. */
export function recordFailedAcquire(
  tools: Tools<DbOptions>,
  parent: Context,
  database: Database,
  startTimeMs: number,
  error: unknown,
): void {
  guard(`${tools.name}: starting a span`, () => {
    const options = {
      kind: SpanKind.CLIENT,
      attributes: databaseAttributes(database),
      startTime: startTimeMs,
    };
    const span = tools.tracer.startSpan('acquire connection', options, parent);
    const acquire = new Operation(span, parent);
    acquire.fail(error);
    acquire.end();
  });
}

function start(tools: Tools<DbOptions>, parent: Context, query: DbQuery): QueryOperation | undefined {
  const { name, options } = spanOf(query, tools.options.maxQueryLength);
  const { waitMs } = query;
  const given =
    waitMs === undefined
      ? options
      : {
          ...options,
          attributes: { ...options.attributes, [ATTR.connectionWaitMs]: Number(waitMs.toFixed(3)) },
        };
  const span = tools.tracer.startSpan(name, given, parent);
  return span.isRecording() ? new QueryOperation(span, parent, query) : undefined;
}

/** The span options that all runs of a statement share. Created once and frozen. */
interface StatementSpan {
  readonly database: Database;
  readonly maxQueryLength: number;
  readonly name: string;
  readonly options: SpanOptions & { readonly attributes: SharedAttributes };
}

/** Cached as long as the reading of the statement is. */
const spans = new WeakMap<SqlReading, StatementSpan>();

function spanOf({ database, sql }: DbQuery, maxQueryLength: number): StatementSpan {
  const reading = sql === undefined ? undefined : readSql(sql, database.system);
  const known = reading && spans.get(reading);
  if (known !== undefined && known.maxQueryLength === maxQueryLength && isSame(known.database, database))
    return known;
  const attributes = databaseAttributes(database);
  if (reading?.operation !== undefined) attributes[ATTR.dbOperationName] = reading.operation;
  if (reading?.collection !== undefined) attributes[ATTR.dbCollectionName] = reading.collection;
  if (reading?.summary !== undefined) attributes[ATTR.dbQuerySummary] = reading.summary;
  const text = reading && shortened(reading.text, maxQueryLength);
  if (text !== undefined) attributes[ATTR.dbQueryText] = text;
  const span: StatementSpan = {
    database,
    maxQueryLength,
    name: reading?.summary ?? database.namespace ?? database.system,
    options: Object.freeze({ kind: SpanKind.CLIENT, attributes: shareAttributes(attributes) }),
  };
  if (reading) spans.set(reading, span);
  return span;
}

/** Compares by value, because plugins may create a new description of the database for each query. */
function isSame(one: Database, other: Database): boolean {
  return (
    one === other ||
    (one.system === other.system &&
      one.namespace === other.namespace &&
      one.address === other.address &&
      one.port === other.port)
  );
}

function databaseAttributes({ system, namespace, address, port }: Database): Attributes {
  const attributes: Attributes = { [ATTR.dbSystemName]: system };
  if (namespace !== undefined) attributes[ATTR.dbNamespace] = namespace;
  if (address !== undefined) attributes[ATTR.serverAddress] = address;
  if (port !== undefined) attributes[ATTR.serverPort] = port;
  return attributes;
}

function shortened(text: string, maxChars: number): string | undefined {
  if (maxChars === 0) return undefined;
  return maxChars < 0 || text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}
