import { type Attributes, SpanKind, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { begin, currentContext, type Exchange } from '../exchange.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import { readSql } from './sql.ts';

/** What a query is, in the words of the semantic conventions. */
export interface DbQuery {
  /** `db.system.name`: `postgresql`, `mysql`, `sqlite`. */
  readonly system: string;
  /** The statement as it is sent, placeholders in it; undefined where there is none. */
  readonly sql: string | undefined;
  readonly namespace?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** Options of every database plugin. */
export interface DbOptions {
  /** Characters of `db.query.text`; 0 leaves it out, -1 keeps all. */
  readonly maxQueryLength: number;
  readonly requireParentSpan: boolean;
}

/**
 * Starts the CLIENT span of a query; the caller ends it. Values never leave: literals become `?`.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function beginQuery(tools: Tools<DbOptions>, query: DbQuery): Exchange | undefined {
  const parent = currentContext();
  if (isTracingSuppressed(parent)) return undefined;
  const parentSpan = trace.getSpan(parent);
  // A query carries no context on: where the request is not recorded there is nothing to do.
  if (parentSpan === undefined ? tools.options.requireParentSpan : !parentSpan.isRecording())
    return undefined;
  return begin(`${tools.name}: starting a span`, parent, () => {
    const reading = query.sql === undefined ? undefined : readSql(query.sql, query.system);
    const attributes: Attributes = { [ATTR.dbSystemName]: query.system };
    if (reading?.operation !== undefined) attributes[ATTR.dbOperationName] = reading.operation;
    if (reading?.collection !== undefined) attributes[ATTR.dbCollectionName] = reading.collection;
    if (reading?.summary !== undefined) attributes[ATTR.dbQuerySummary] = reading.summary;
    const text = reading && shortened(reading.text, tools.options.maxQueryLength);
    if (text !== undefined) attributes[ATTR.dbQueryText] = text;
    if (query.namespace !== undefined) attributes[ATTR.dbNamespace] = query.namespace;
    if (query.address !== undefined) attributes[ATTR.serverAddress] = query.address;
    if (query.port !== undefined) attributes[ATTR.serverPort] = query.port;
    const name = reading?.summary ?? query.namespace ?? query.system;
    return tools.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
  });
}

function shortened(text: string, maxChars: number): string | undefined {
  if (maxChars === 0) return undefined;
  return maxChars < 0 || text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}
