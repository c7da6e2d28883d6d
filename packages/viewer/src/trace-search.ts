import type { DatabaseSync } from 'node:sqlite';
import { shortName } from './span-text.ts';
import { SUMMARY } from './store-queries.ts';
import { splitAttribute, type TraceFilter } from './trace-filter.ts';
import type { SummaryRow } from './trace-summary.ts';

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number | bigint)[];
}

const FIRST_WINDOW = 1000;
const MAX_WINDOW = 100_000;
const LONG_MS = 10;

/**
 * Finds traces, newest first, in the windows of a few milliseconds of work; yields `undefined` after each, so that the
 * caller can let others work. Conditions for spans are checked only for traces that fulfil all others. One trace is
 * never split: a text is searched in about a million spans a second.
 */
export function* searchTraces(
  database: DatabaseSync,
  filter: TraceFilter,
  newest: number,
): Generator<SummaryRow | undefined, void> {
  const conditions = [...traceConditions(filter), ...spanConditions(filter)];
  const where = ['seq > ? AND seq <= ?', ...conditions.map(({ sql }) => `(${sql})`)].join(' AND ');
  const values = conditions.flatMap((condition) => condition.values);
  const select = database.prepare(`SELECT ${SUMMARY} FROM trace WHERE ${where} ORDER BY seq DESC`);
  const oldest = Number(database.prepare('SELECT coalesce(min(seq), 1) AS seq FROM trace').get()?.seq);
  let window = FIRST_WINDOW;
  for (let high = newest; high >= oldest; ) {
    const low = Math.max(oldest - 1, high - window);
    const begin = performance.now();
    // Not `iterate`: others may change the tables while a caller waits.
    const rows = select.all(low, high, ...values) as unknown as SummaryRow[];
    const isLong = performance.now() - begin > LONG_MS;
    window = isLong ? Math.max(1, window >> 2) : Math.min(MAX_WINDOW, window << 1);
    high = low;
    yield* rows;
    yield undefined;
  }
}

function traceConditions(filter: TraceFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: Condition['values']) => conditions.push({ sql, values });
  if (filter.errors) add('errors > 0');
  if (filter.minDurationMs !== undefined) add('last - first >= ?', filter.minDurationMs * 1e6);
  if (filter.maxDurationMs !== undefined) add('last - first <= ?', filter.maxDurationMs * 1e6);
  if (filter.from !== undefined) add('first >= ?', filter.from * 1e6);
  if (filter.to !== undefined) add('first <= ?', filter.to * 1e6);
  if (filter.route !== undefined) add('route = ?', shortName(filter.route));
  if (filter.policy !== undefined) add('policy = ?', shortName(filter.policy));
  if (filter.status !== undefined)
    add(
      'status BETWEEN ? AND ?',
      ...['0', '9'].map((digit) => Number(filter.status?.replaceAll('x', digit))),
    );
  if (filter.service !== undefined)
    add('EXISTS (SELECT 1 FROM json_each(services) WHERE value = ?)', shortName(filter.service));
  return conditions;
}

function spanConditions({ attributes = [], text }: TraceFilter): Condition[] {
  const conditions = attributes.map(attributeCondition);
  if (text) {
    const pattern = `%${inJson(text).replace(/[\\%_]/g, '\\$&')}%`;
    conditions.push({ sql: inSpans("body LIKE ? ESCAPE '\\'"), values: [pattern] });
  }
  return conditions;
}

/** An attribute of a span or of its resource. The search for the key as text is fast, and excludes most spans. */
function attributeCondition(attribute: string): Condition {
  const { key, value } = splitAttribute(attribute);
  const quoted = `"${inJson(key)}":`;
  const hasValue = (column: string, path: string) =>
    `(instr(${column}, ?) > 0 AND EXISTS (SELECT 1 FROM json_each(${column}, '${path}') WHERE key = ? AND ${ATOM} = ?))`;
  return {
    sql: inSpans(`${hasValue('body', '$.attributes')} OR ${hasValue('origin', '$.resource.attributes')}`),
    values: [quoted, key, value, quoted, key, value],
  };
}

/** A value of `json_each` as the page shows it. */
const ATOM = "CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(value AS TEXT) END";

function inSpans(condition: string): string {
  return `EXISTS (SELECT 1 FROM span WHERE trace = trace.seq AND (${condition}))`;
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
