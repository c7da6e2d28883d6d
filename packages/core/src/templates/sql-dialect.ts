/** How statements of a family of database systems are split into tokens. */
export interface SqlDialect {
  /**
   * A global expression with a named group for each kind of token: `comment`, `nested` (the start of a comment), `text`,
   * `placeholder`, `number`, `word`, `punctuation`. It does not match operators and white space.
   */
  readonly lexer: RegExp;
  /** Whether a double-quoted name that matches no column is a text. */
  readonly namesMayBeTexts: boolean;
}

interface DialectParts {
  readonly comment: string;
  /** Whether comments nest: the expression then matches only their start. */
  readonly nests: boolean;
  readonly text: string;
  readonly placeholder: string;
  readonly identifier: string;
  readonly namesMayBeTexts?: boolean;
}

const LETTER = String.raw`a-zA-Z_\u0080-\uffff`;
const WORD = String.raw`[${LETTER}][\w$\u0080-\uffff]*`;
/** Everything adjacent to a digit, so that a number in an unknown form is matched completely. */
const NUMBER = String.raw`\.?\d(?:[\w.]|(?<=[eE])[+-](?=\d))*`;
const NAMED = `[:@][${LETTER}]\\w*`;

const LINE_COMMENT = String.raw`--[^\n]*`;
const BLOCK_COMMENT = String.raw`/\*[\s\S]*?(?:\*/|$)`;

/** A text ends at its closing quote, or at the end of a statement that was cut. */
const QUOTED = `'(?:[^']|'')*(?:'|$)`;
const ESCAPED = String.raw`'(?:[^'\\]|''|\\[\s\S])*(?:'|\\?$)`;
const QUOTED_NAME = `"(?:[^"]|"")*(?:"|$)`;
const BACKTICKED = '`(?:[^`]|``)*(?:`|$)';
const BRACKETED = String.raw`\[(?:[^\]]|\]\])*(?:\]|$)`;
const DOLLAR_QUOTED = String.raw`\$(?<tag>[${LETTER}][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`;

/** PostgreSQL and compatible systems; also the default for an unknown system. */
const POSTGRESQL = dialect({
  comment: String.raw`--[^\n\r]*`,
  nests: true,
  text: String.raw`[eE]${ESCAPED}(?:[ \t]*[\n\r]\s*${ESCAPED})*|${QUOTED}|${DOLLAR_QUOTED}`,
  placeholder: String.raw`\$\d+|${NAMED}`,
  identifier: `${QUOTED_NAME}|${BACKTICKED}`,
});

/** Backslash escapes, texts in double quotes, comments after `#`, and after `--` only if white space follows. */
const MYSQL = dialect({
  comment: String.raw`--(?=\s|$)[^\n]*|#[^\n]*|${BLOCK_COMMENT}`,
  nests: false,
  text: String.raw`${ESCAPED}|"(?:[^"\\]|""|\\[\s\S])*(?:"|\\?$)`,
  placeholder: NAMED,
  identifier: BACKTICKED,
});

const SQL_SERVER = dialect({
  comment: LINE_COMMENT,
  nests: true,
  text: QUOTED,
  placeholder: NAMED,
  identifier: `${QUOTED_NAME}|${BRACKETED}`,
});

/** A double-quoted name that is not a column is a text: https://sqlite.org/quirks.html#dblquote */
const SQLITE = dialect({
  namesMayBeTexts: true,
  comment: `${LINE_COMMENT}|${BLOCK_COMMENT}`,
  nests: false,
  text: QUOTED,
  placeholder: String.raw`\?\d+|\$[${LETTER}]\w*|${NAMED}`,
  identifier: `${QUOTED_NAME}|${BRACKETED}|${BACKTICKED}`,
});

/** Texts with custom delimiters, `q'[it's]'`, and numbered binds, `:1`. */
const ORACLE = dialect({
  comment: `${LINE_COMMENT}|${BLOCK_COMMENT}`,
  nests: false,
  text: [
    String.raw`[nN]?[qQ]'\[[\s\S]*?(?:\]'|$)`,
    String.raw`[nN]?[qQ]'\{[\s\S]*?(?:\}'|$)`,
    String.raw`[nN]?[qQ]'\([\s\S]*?(?:\)'|$)`,
    String.raw`[nN]?[qQ]'<[\s\S]*?(?:>'|$)`,
    String.raw`[nN]?[qQ]'(?<delimiter>[\s\S])[\s\S]*?(?:\k<delimiter>'|$)`,
    QUOTED,
  ].join('|'),
  placeholder: String.raw`:\d+|${NAMED}`,
  identifier: QUOTED_NAME,
});

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

function dialect({
  comment,
  nests,
  text,
  placeholder,
  identifier,
  namesMayBeTexts = false,
}: DialectParts): SqlDialect {
  const tokens = [
    `(?<comment>${comment})`,
    ...(nests ? [String.raw`(?<nested>/\*)`] : []),
    `(?<text>${text})`,
    `(?<placeholder>${placeholder})`,
    `(?<number>${NUMBER})`,
    `(?<word>${identifier}|${WORD})`,
    '(?<punctuation>[.,();])',
  ];
  return { lexer: new RegExp(tokens.join('|'), 'g'), namesMayBeTexts };
}

/** The end of a nesting comment; the end of the text if the comment is not closed. */
export function endOfNested(sql: string, start: number): number {
  const edges = /\/\*|\*\//g;
  edges.lastIndex = start;
  let depth = 0;
  for (let edge = edges.exec(sql); edge !== null; edge = edges.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
  return sql.length;
}
