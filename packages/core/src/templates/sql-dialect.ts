/** The lexical rules of a family of database systems. */
export interface SqlDialect {
  /** Whether a block comment may contain another one. */
  readonly nestsComments?: boolean;
  /** MySQL: comments after `#`, after `--` only before white space; the server reads a comment that begins with `!`. */
  readonly mysqlComments?: boolean;
  /** Whether `\` escapes a quote in every text. */
  readonly backslashes?: boolean;
  /** PostgreSQL: `E'it\'s'`. */
  readonly escapePrefix?: boolean;
  /** PostgreSQL: `$tag$it's$tag$`. */
  readonly dollarQuotes?: boolean;
  /** Oracle: `q'[it's]'`. */
  readonly delimiterQuotes?: boolean;
  /** What is in double quotes; `either` is a name if such a column exists, and else a text. */
  readonly doubleQuoted: 'name' | 'text' | 'either';
  readonly backticks?: boolean;
  /** Whether `[my songs]` is a name. */
  readonly brackets?: boolean;
}

/** PostgreSQL and compatible systems; also the default for an unknown system, which may use backticks. */
const POSTGRESQL: SqlDialect = {
  nestsComments: true,
  escapePrefix: true,
  dollarQuotes: true,
  doubleQuoted: 'name',
  backticks: true,
};

const MYSQL: SqlDialect = {
  mysqlComments: true,
  backslashes: true,
  doubleQuoted: 'text',
  backticks: true,
};

const SQL_SERVER: SqlDialect = { nestsComments: true, doubleQuoted: 'name', brackets: true };

/** A double-quoted name that is not a column is a text: https://sqlite.org/quirks.html#dblquote */
const SQLITE: SqlDialect = { doubleQuoted: 'either', backticks: true, brackets: true };

const ORACLE: SqlDialect = { delimiterQuotes: true, doubleQuoted: 'name' };

const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  mysql: MYSQL,
  mariadb: MYSQL,
  'microsoft.sql_server': SQL_SERVER,
  mssql: SQL_SERVER,
  sqlite: SQLITE,
  'oracle.db': ORACLE,
  oracle: ORACLE,
};

/** The dialect of a `db.system.name`. */
export function dialectOf(system: string): SqlDialect {
  return Object.hasOwn(DIALECTS, system) ? (DIALECTS[system] as SqlDialect) : POSTGRESQL;
}
