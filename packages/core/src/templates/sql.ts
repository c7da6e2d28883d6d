import { cutText } from '../kit/cut-text.ts';
import { dialectOf, type SqlDialect } from './sql-dialect.ts';
import { SqlReader } from './sql-reader.ts';
import { SqlScanner, TOKEN } from './sql-scanner.ts';
import { keywordOf } from './sql-words.ts';

/** The parts of a statement that are safe to record: they contain no values. */
export interface SqlReading {
  /** The statement without comments and with `?` for each literal; at most 4,096 characters. */
  readonly text: string;
  /** The first verb in upper case, `SELECT`; undefined for an empty statement. */
  readonly operation: string | undefined;
  /** The table, if there is exactly one. */
  readonly collection: string | undefined;
  /** Operations and tables in their order, `INSERT songs SELECT drafts`; at most 255 characters. The span's name. */
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
  const reading = read(sql.length > MAX_CHARS * 2 ? sql.slice(0, MAX_CHARS * 2) : sql, dialect);
  if (sql.length <= MAX_CHARS) remember(cache, sql, reading);
  return reading;
}

function cacheOf(dialect: SqlDialect): Map<string, SqlReading> {
  const known = caches.get(dialect);
  if (known !== undefined) return known;
  const cache = new Map<string, SqlReading>();
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
  const scanner = new SqlScanner(sql, dialect);
  const reader = new SqlReader();
  let text = '';
  let done = 0;
  for (let kind = scanner.next(); kind !== TOKEN.end; kind = scanner.next()) {
    const { start, end } = scanner;
    let isValue = kind === TOKEN.text || kind === TOKEN.number;
    if (kind === TOKEN.word) {
      const word = sql.slice(start, end);
      const keyword = keywordOf(word);
      isValue = (keyword?.text === 'TRUE' || keyword?.text === 'FALSE') && reader.expectsBoolean;
      if (!isValue) reader.word(word, keyword);
    } else if (kind === TOKEN.punctuation) {
      reader.punctuation(sql.charAt(start));
    } else if (kind === TOKEN.quoted) {
      isValue =
        dialect.doubleQuoted === 'either' && sql.charAt(start) === '"' && !isName(sql, start, end, reader);
      if (!isValue) reader.word(nameIn(sql, start, end), undefined);
    } else if (kind === TOKEN.comment) {
      text += sql.slice(done, start);
      if (!/\s$/.test(text || ' ')) text += ' ';
      done = end;
      continue;
    }
    if (isValue || kind === TOKEN.placeholder) reader.value();
    if (!isValue) continue;
    text += `${sql.slice(done, start)}?`;
    done = end;
  }
  const { operation } = reader;
  const tables = reader.tables();
  return {
    text: cutText((text + sql.slice(done)).trim(), MAX_CHARS),
    operation,
    collection: tables.length === 1 ? tables[0] : undefined,
    summary: reader.summary(MAX_SUMMARY_CHARS),
  };
}

/** The name without its quotes; the last quote is missing in a statement that was cut. */
function nameIn(sql: string, start: number, end: number): string {
  const isClosed = end - start > 1 && /["`\]]/.test(sql.charAt(end - 1));
  return sql.slice(start + 1, isClosed ? end - 1 : end);
}

const BEFORE_VALUE = /[=<>|+*/%-]\s*$/;
const AFTER_NAME = /\s*(?:\.|[=<>!]|(?:IN|IS|LIKE|NOT|BETWEEN|GLOB|ASC|DESC)\b)/iy;
/** The maximum number of characters to look back over white space. */
const MAX_SPACE = 16;

/** Whether a double-quoted token must be a name. An ambiguous token counts as a text, so that no value is recorded. */
function isName(sql: string, start: number, end: number, reader: SqlReader): boolean {
  if (reader.expectsName) return true;
  AFTER_NAME.lastIndex = end;
  const next = AFTER_NAME.exec(sql)?.[0];
  if (next === undefined) return false;
  return next.endsWith('.') || !BEFORE_VALUE.test(sql.slice(Math.max(0, start - MAX_SPACE), start));
}

/** The contents of the text literals in the first 8,192 characters of a statement, without quotes and escapes. */
export function literalsOf(sql: string | undefined, system: string): string[] {
  if (sql === undefined) return [];
  const read = sql.slice(0, MAX_CHARS * 2);
  const scanner = new SqlScanner(read, dialectOf(system));
  const texts: string[] = [];
  for (let kind = scanner.next(); kind !== TOKEN.end; kind = scanner.next())
    if (kind === TOKEN.text) texts.push(contentOf(read.slice(scanner.start, scanner.end)));
  return texts;
}

function contentOf(literal: string): string {
  const quote = /['"]|\$[^$]*\$/.exec(literal)?.[0] ?? '';
  const start = literal.indexOf(quote) + quote.length;
  const content = literal.slice(start, literal.endsWith(quote) ? -quote.length || undefined : undefined);
  return content.replaceAll(quote + quote, quote).replace(/\\(.)/gs, '$1');
}
