import { type Attributes, SpanKind, type SpanOptions } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { guard } from '../kit/failures.ts';
import { matchesAny } from '../kit/options.ts';
import { ATTR } from '../semconv.ts';
import { type SharedAttributes, shareAttributes } from '../shared-attributes.ts';
import type { CommandOptions } from './db-options.ts';
import type { BoundValues, Database, DbCommand, DbQuery } from './db-query.ts';
import { readSql, type SqlReading } from './sql.ts';

/** What all runs of a statement share. Created once and frozen. */
export interface StatementSpan {
  readonly database: Database;
  /** The options that it was created with. */
  readonly pluginOptions: CommandOptions;
  readonly name: string;
  readonly options: SpanOptions & { readonly attributes: SharedAttributes };
  /** The attributes of the metric: those of the span without the text. */
  readonly measured: Attributes;
  /** Whether the option `ignore` matches. */
  readonly isIgnored: boolean;
}

const MAX_PARAMETER_CHARS = 1022;

/** Cached as long as the reading of the statement, or the plugin's object for the command, is. */
const spans = new WeakMap<SqlReading | DbCommand, StatementSpan>();

/** Returns what all runs of a statement share. */
export function spanOf(query: DbQuery, pluginOptions: CommandOptions): StatementSpan {
  const { database, sql, command } = query;
  const reading = command ?? (sql === undefined ? undefined : readSql(sql, database.system));
  if (reading === undefined || prefixOf(query) !== '') return createSpan(query, reading, pluginOptions);
  const known = spans.get(reading);
  if (known?.pluginOptions === pluginOptions && isSame(known.database, database)) return known;
  const span = createSpan(query, reading, pluginOptions);
  spans.set(reading, span);
  return span;
}

/** What the conventions put before the names of a batch. */
function prefixOf({ batchSize = 1, command }: DbQuery): string {
  return batchSize > 1 && command?.isBatch !== true ? 'BATCH ' : '';
}

function createSpan(
  query: DbQuery,
  reading: SqlReading | DbCommand | undefined,
  pluginOptions: CommandOptions,
): StatementSpan {
  const { collection, text, summary = defaultSummary(reading) } = reading ?? {};
  const { database } = query;
  const prefix = prefixOf(query);
  const measured = databaseAttributes(database);
  if (reading?.operation !== undefined) measured[ATTR.dbOperationName] = prefix + reading.operation;
  if (collection !== undefined) measured[ATTR.dbCollectionName] = collection;
  if (summary !== undefined) measured[ATTR.dbQuerySummary] = prefix + summary;
  const attributes = { ...measured };
  const shown = text === undefined ? undefined : shortened(text, pluginOptions.maxQueryLength);
  if (shown !== undefined) attributes[ATTR.dbQueryText] = shown;
  const name = prefix + (summary ?? database.namespace ?? database.system);
  return {
    database,
    pluginOptions,
    name,
    options: Object.freeze({ kind: SpanKind.CLIENT, attributes: shareAttributes(attributes) }),
    measured,
    isIgnored:
      pluginOptions.ignore.length > 0 &&
      guard('the option ignore', () => matchesAny(pluginOptions.ignore, name)) === true,
  };
}

function defaultSummary(reading: SqlReading | DbCommand | undefined): string | undefined {
  const { operation, collection } = reading ?? {};
  return collection === undefined ? operation : `${operation} ${collection}`;
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

/** The attributes of a database. */
export function databaseAttributes({ system, namespace, address, port }: Database): Attributes {
  const attributes: Attributes = { [ATTR.dbSystemName]: system };
  if (namespace !== undefined) attributes[ATTR.dbNamespace] = namespace;
  if (address !== undefined) attributes[ATTR.serverAddress] = address;
  if (port !== undefined) attributes[ATTR.serverPort] = port;
  return attributes;
}

/** The attributes of the bound values that the user wants to be recorded. Objects are recorded as JSON. */
export function parameterAttributes(values: BoundValues | undefined, names: readonly string[]): Attributes {
  const attributes: Attributes = {};
  for (const name of names) {
    const isBound = values !== undefined && Object.hasOwn(values, name);
    const value: unknown = isBound ? Reflect.get(values, name) : undefined;
    const text = value === undefined ? undefined : parameterText(value);
    if (text !== undefined) attributes[ATTR.dbQueryParameter + name] = cutText(text, MAX_PARAMETER_CHARS);
  }
  return attributes;
}

function parameterText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return String(value);
  if (ArrayBuffer.isView(value)) return undefined;
  const json = guard('recording a bound value', () => JSON.stringify(value) as string | undefined);
  return json?.replace(/^"|"$/g, '');
}

/** Cuts a text as the option `maxQueryLength` says; `undefined` if it is left out. */
export function shortened(text: string, maxChars: number): string | undefined {
  if (maxChars === 0) return undefined;
  return maxChars < 0 || text.length <= maxChars ? text : `${cutText(text, maxChars)}…`;
}
