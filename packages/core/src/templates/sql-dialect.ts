/** How statements of a family of database systems are taken apart. */
export interface SqlDialect {
  /**
   * A global expression with a named group for each kind of token: `comment`, `nested` (the beginning of a comment),
   * `text`, `placeholder`, `number`, `word`, `mark`. What it does not match stands between: operators, white space.
   */
  readonly lexer: RegExp;
  /** Whether a double-quoted name that names nothing is a text. */
  readonly namesMayBeTexts: boolean;
}

interface DialectParts {
  readonly comment: string;
  /** Whether a comment may stand in a comment: the expression then finds its beginning only. */
  readonly nests: boolean;
  readonly text: string;
  readonly placeholder: string;
  readonly identifier: string;
  readonly namesMayBeTexts?: boolean;
}

const LETTER = String.raw`a-zA-Z_\u0080-\uffff`;
const WORD = String.raw`[${LETTER}][\w$\u0080-\uffff]*`;
/** Takes all that hangs on a digit: a number that we do not know must not lose its end. */
const NUMBER = String.raw`\.?\d(?:[\w.]|(?<=[eE])[+-](?=\d))*`;
const NAMED = `[:@][${LETTER}]\\w*`;

const LINE_COMMENT = String.raw`--[^\n]*`;
const BLOCK_COMMENT = String.raw`/\*[\s\S]*?(?:\*/|$)`;

/** A text ends at its quote, and at the end of a statement that was cut. */
const QUOTED = `'(?:[^']|'')*(?:'|$)`;
const ESCAPED = String.raw`'(?:[^'\\]|''|\\[\s\S])*(?:'|\\?$)`;
const QUOTED_NAME = `"(?:[^"]|"")*(?:"|$)`;
const BACKTICKED = '`(?:[^`]|``)*(?:`|$)';
const BRACKETED = String.raw`\[(?:[^\]]|\]\])*(?:\]|$)`;
const DOLLAR_QUOTED = String.raw`\$(?<tag>[${LETTER}][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\k<tag>\$|$)`;

/** PostgreSQL and its kin; also what is taken for a system that nobody knows. */
const POSTGRESQL = dialect({
  comment: String.raw`--[^\n\r]*`,
  nests: true,
  text: String.raw`[eE]${ESCAPED}(?:[ \t]*[\n\r]\s*${ESCAPED})*|${QUOTED}|${DOLLAR_QUOTED}`,
  placeholder: String.raw`\$\d+|${NAMED}`,
  identifier: `${QUOTED_NAME}|${BACKTICKED}`,
});

/** A backslash escapes, double quotes are for texts, `#` begins a comment, and `--` only before white space. */
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

/** A double-quoted name that is no column is a text: https://sqlite.org/quirks.html#dblquote */
const SQLITE = dialect({
  namesMayBeTexts: true,
  comment: `${LINE_COMMENT}|${BLOCK_COMMENT}`,
  nests: false,
  text: QUOTED,
  placeholder: String.raw`\?\d+|\$[${LETTER}]\w*|${NAMED}`,
  identifier: `${QUOTED_NAME}|${BRACKETED}|${BACKTICKED}`,
});

/** Texts with quotes of the program's own choice, `q'[it's]'`, and numbered binds, `:1`. */
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
    '(?<mark>[.,();])',
  ];
  return { lexer: new RegExp(tokens.join('|'), 'g'), namesMayBeTexts };
}

/** Where a comment in which comments may stand ends; the end of the text when it does not. */
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
