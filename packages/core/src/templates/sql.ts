import { dialectOf, endOfNested, type SqlDialect } from './sql-dialect.ts';
import { SqlReader } from './sql-reader.ts';

/** The parts of a statement that are safe to record: they contain no values. */
export interface SqlReading {
  /** The statement without comments and with `?` for each literal; at most 4,096 characters. */
  readonly text: string;
  /** The first verb in upper case, `SELECT`; undefined for an empty statement. */
  readonly operation: string | undefined;
  /** The table, if there is exactly one. */
  readonly collection: string | undefined;
  /** Operation and tables, `SELECT songs artists`; at most 255 characters. The span's name. */
  readonly summary: string | undefined;
}

const MAX_CHARS = 4096;
const MAX_SUMMARY_CHARS = 255;

/** Cached readings by dialect, because a name in one dialect is a text in another. The oldest is removed when it is full. */
const caches = new WeakMap<SqlDialect, Map<string, SqlReading>>();
const MAX_CACHED = 512;

/**
 * Reads a statement of a database system (`db.system.name`); only its first 8,192 characters. Readings are cached by text,
 * at most 512 for each dialect: statements should have placeholders.
 */
export function readSql(sql: string, system: string): SqlReading {
  const dialect = dialectOf(system);
  const cache = cacheOf(dialect);
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const reading = read(sql.slice(0, MAX_CHARS * 2), dialect);
  if (sql.length <= MAX_CHARS) remember(cache, sql, reading);
  return reading;
}

function cacheOf(dialect: SqlDialect): Map<string, SqlReading> {
  const cache = caches.get(dialect) ?? new Map<string, SqlReading>();
  caches.set(dialect, cache);
  return cache;
}

function remember(cache: Map<string, SqlReading>, sql: string, reading: SqlReading): void {
  if (cache.size >= MAX_CACHED) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(sql, reading);
}

function read(sql: string, dialect: SqlDialect): SqlReading {
  const { lexer } = dialect;
  const reader = new SqlReader();
  let text = '';
  let done = 0;
  lexer.lastIndex = 0;
  for (let match = lexer.exec(sql); match !== null; match = lexer.exec(sql)) {
    text += sql.slice(done, match.index);
    text += kept(match, reader, dialect) ?? (/\s/.test(text.at(-1) ?? ' ') ? '' : ' ');
    if (match.groups?.nested !== undefined) lexer.lastIndex = endOfNested(sql, match.index);
    done = lexer.lastIndex;
  }
  const { operation } = reader;
  const tables = reader.tables();
  return {
    text: (text + sql.slice(done)).trim().slice(0, MAX_CHARS),
    operation,
    collection: tables.length === 1 ? tables[0] : undefined,
    summary: operation && [operation, ...tables].join(' ').slice(0, MAX_SUMMARY_CHARS),
  };
}

/** Passes a token to the reader and returns it, or `?` for a literal; `undefined` for a comment. */
function kept(match: RegExpExecArray, reader: SqlReader, dialect: SqlDialect): string | undefined {
  const { 0: token, groups = {} } = match;
  if (groups.comment !== undefined || groups.nested !== undefined) return undefined;
  const isText =
    groups.text !== undefined ||
    groups.number !== undefined ||
    (dialect.namesMayBeTexts && token.startsWith('"') && !isName(match, reader));
  if (isText) reader.value();
  else if (groups.word !== undefined) reader.word(token);
  else if (groups.punctuation !== undefined) reader.punctuation(token);
  else reader.value();
  return isText ? '?' : token;
}

const BEFORE_VALUE = /[=<>|+*/%-]\s*$/;
const AFTER_NAME = /\s*(?:\.|[=<>!]|(?:IN|IS|LIKE|NOT|BETWEEN|GLOB|ASC|DESC)\b)/iy;
/** The maximum number of characters to look back over white space. */
const MAX_SPACE = 16;

/** Whether a double-quoted token must be a name. An ambiguous token counts as a text, so that no value is recorded. */
function isName({ 0: token, index, input }: RegExpExecArray, reader: SqlReader): boolean {
  if (reader.expectsName) return true;
  AFTER_NAME.lastIndex = index + token.length;
  const next = AFTER_NAME.exec(input)?.[0];
  if (next === undefined) return false;
  return next.endsWith('.') || !BEFORE_VALUE.test(input.slice(Math.max(0, index - MAX_SPACE), index));
}

/** The contents of the text literals in the first 8,192 characters of a statement, without quotes and escapes. */
export function literalsOf(sql: string | undefined, system: string): string[] {
  const texts = Array.from(
    sql?.slice(0, MAX_CHARS * 2).matchAll(dialectOf(system).lexer) ?? [],
    (match) => match.groups?.text,
  );
  return texts.flatMap((text) => (text === undefined ? [] : [contentOf(text)]));
}

function contentOf(literal: string): string {
  const quote = /['"]|\$[^$]*\$/.exec(literal)?.[0] ?? '';
  const start = literal.indexOf(quote) + quote.length;
  const content = literal.slice(start, literal.endsWith(quote) ? -quote.length || undefined : undefined);
  return content.replaceAll(quote + quote, quote).replace(/\\(.)/gs, '$1');
}
