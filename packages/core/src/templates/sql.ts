/** What a statement says of itself, without any value that stands in it. */
export interface SqlReading {
  /** The statement with literals replaced by `?` and comments taken out; at most 4096 characters. */
  readonly text: string;
  /** The first verb in upper case, `SELECT`; undefined for an empty statement. */
  readonly operation: string | undefined;
  /** The table, when there is just one. */
  readonly collection: string | undefined;
  /** Operation and tables, `SELECT songs artists`; at most 255 characters. The span's name. */
  readonly summary: string | undefined;
}

const MAX_CHARS = 4096;
const MAX_SUMMARY_CHARS = 255;
const MAX_TABLES = 8;

/** Readings of texts that come again and again; the oldest goes when it is full. */
const MAX_CACHED = 512;
type Cache = Map<string, SqlReading>;

const NUMBER = String.raw`\b0x[\da-f]+\b|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b`;
const COMMENT = String.raw`--[^\n]*|/\*[\s\S]*?(?:\*/|$)`;
const DOLLAR = String.raw`\$(?<tag>[a-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`;
const PLACEHOLDER = String.raw`\$\d+|:\w+|@\w+`;
const WORD = String.raw`[a-z_\u0080-\uffff][\w$\u0080-\uffff]*`;

/** MySQL takes a backslash in a text for an escape and double quotes for a text; the standard does neither. */
const STANDARD = dialect(
  String.raw`e'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|'(?:[^']|'')*(?:'|$)|${DOLLAR}`,
  String.raw`"(?:[^"]|"")*(?:"|$)|\[\w+\]`,
);
const MYSQL = dialect(
  String.raw`'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|"(?:[^"\\]|""|\\[\s\S])*(?:"|$)`,
  '`[^`]*(?:`|$)',
);

interface Dialect {
  readonly lexer: RegExp;
  /** What is a name in one dialect is a text in the other: neither reads what the other has read. */
  readonly cache: Cache;
}

function dialect(literal: string, identifier: string): Dialect {
  const parts = [`(?<comment>${COMMENT})`, `(?<literal>${literal})`, `(?<placeholder>${PLACEHOLDER})`];
  const lexer = new RegExp(
    `${[...parts, `(?<number>${NUMBER})`, `(?<word>${identifier}|\`[^\`]*(?:\`|$)|${WORD})`].join('|')}|(?<mark>[.,();])`,
    'gi',
  );
  return { lexer, cache: new Map() };
}

/** Words after which tables are named, and verbs that take one at once. */
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'JOIN', 'TABLE']);
const SKIPPED = new Set(['ONLY', 'IF', 'NOT', 'EXISTS', 'LOW_PRIORITY', 'IGNORE', 'LATERAL']);
const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** Reads a statement of a database system (`db.system.name`). Readings are kept by text: give it texts with placeholders. */
export function readSql(sql: string, system: string): SqlReading {
  const { lexer, cache } = system === 'mysql' || system === 'mariadb' ? MYSQL : STANDARD;
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const reading = read(sql.slice(0, MAX_CHARS * 2), lexer);
  if (sql.length <= MAX_CHARS) remember(cache, sql, reading);
  return reading;
}

function remember(cache: Cache, sql: string, reading: SqlReading): void {
  if (cache.size >= MAX_CACHED) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(sql, reading);
}

function read(sql: string, pattern: RegExp): SqlReading {
  const reader = new Reader();
  const text = sql.replace(pattern, (match: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    if (groups.comment !== undefined) return '';
    if (groups.literal !== undefined || groups.number !== undefined) return '?';
    if (groups.word !== undefined) reader.word(match);
    else if (groups.mark !== undefined) reader.mark(match);
    return match;
  });
  const { operation, tables } = reader;
  return {
    text: text.trim().slice(0, MAX_CHARS),
    operation,
    collection: tables.length === 1 ? tables[0] : undefined,
    summary: operation && [operation, ...tables].join(' ').slice(0, MAX_SUMMARY_CHARS),
  };
}

/** Goes through the words of a statement and keeps its verb and its tables. */
class Reader {
  operation: string | undefined;
  readonly tables: string[] = [];
  readonly #commonTables = new Set<string>();
  #previous = '';
  #depth = 0;
  #expecting: 'table' | 'rest of its name' | 'nothing' = 'nothing';

  word(match: string): void {
    const upper = match.toUpperCase();
    const name = /^["`[]/.test(match) ? match.slice(1, -1) : match;
    if (this.#expecting === 'rest of its name') this.#add(`${this.tables.pop()}.${name}`);
    else if (BEFORE_TABLE.has(upper)) this.#expecting = 'table';
    else if (this.#expecting === 'table' && !SKIPPED.has(upper)) this.#add(name);
    this.#takeVerb(upper);
    this.#previous = name;
  }

  mark(mark: string): void {
    if (mark === '(') this.#depth++;
    if (mark === ')') this.#depth--;
    const afterTable = this.tables.at(-1)?.endsWith(this.#previous) === true && this.#previous !== '';
    if (mark === '.' && afterTable) this.#expecting = 'rest of its name';
    else this.#expecting = mark === ',' && afterTable ? 'table' : 'nothing';
  }

  #takeVerb(upper: string): void {
    if (this.operation === undefined) this.operation = upper;
    if (this.operation !== 'WITH' || this.#depth > 0) return;
    if (upper === 'AS') this.#commonTables.add(this.#previous);
    if (VERBS.has(upper)) this.operation = upper;
  }

  #add(name: string): void {
    this.#expecting = 'nothing';
    const known = this.tables.includes(name) || this.#commonTables.has(name);
    if (!known && this.tables.length < MAX_TABLES) this.tables.push(name);
  }
}
