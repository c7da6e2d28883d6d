/**
 * What an error message of a database shows of values. Databases put names of the schema and values of the
 * application into the same kind of quotes, so the place in the message decides: a quoted text is kept where a word
 * before it says that a name follows, and is `?` everywhere else.
 */

/** Longer messages are cut before they are searched: recording cuts them here as well. */
const MAX_CHARS = 4096;

/**
 * Places of values. A value may hold quotes of its own, so each place reaches to the last quote that fits what
 * follows, or to the end of the message.
 */
const VALUE_PLACES: readonly (readonly [place: RegExp, replacement: string])[] = [
  // MySQL and MariaDB: `Duplicate entry 'it's' for key 'songs.title'`.
  [/(\bDuplicate entry )'(?:.*'(?= for key\b)|.*$)/s, "$1'?'"],
  // `Incorrect integer value: 'abc' for column 'id' at row 1`.
  [/( value: )'.*'(?= for (?:column|function) )/s, "$1'?'"],
  // `… to use near 'SELECT …' at line 1`.
  [/(\bnear )'(?:.*'(?= at line \d+$)|.*$)/s, "$1'?'"],
  // `BIGINT value is out of range in '(`shop`.`songs`.`plays` - 5)'`.
  [/( is out of range in )'.*$/s, "$1'?'"],
  // PostgreSQL: `value "99999999999" is out of range for type integer`.
  [/(^value )".*"(?= is out of range for type )/s, '$1"?"'],
  // `syntax error at or near "abc"`, and SQLite's `near "abc": syntax error`.
  [/(\bnear )"(?:.*"(?=: syntax error$)|.*$)/s, '$1"?"'],
  // SQLite: `no such column: "abc" - should this be a string literal in single-quotes?`.
  [/(\bno such column: )".*"(?= - should this be )/s, '$1"?"'],
  // SQL Server: `The duplicate key value is (abc).`, `… the varchar value 'abc' to data type int.`
  [/( value is )\(.*$/s, '$1(?)'],
  [/( value )'.*'(?= to data type )/s, "$1'?'"],
  // `invalid input syntax for type integer: "abc"`, `unrecognized token: "'abc"`, `XPATH syntax error: 'abc'`.
  [/(: )"(?!\?").*$/s, '$1"?"'],
  [/(: )'(?!\?').*$/s, "$1'?'"],
];

/** Words before a quoted name of the schema, or of a part of the statement. */
const NAME_FOLLOWS = new RegExp(
  `(?:^|[\\s(])(?:${[
    'attribute|catalog|check|collation|column|constraint|cursor|database|domain|encoding|extension|field|file|for key',
    'function|in|index|key|language|method|name|object|operator|parameter|portal|procedure|reference|relation|role|rule',
    'savepoint|schema|sequence|server|set|statement|table|tablespace|trigger|type|user|variable|view',
  ].join('|')})\\s$`,
  'i',
);

/**
 * A database's error message without the values that it quotes: each is `?`. Names of tables, columns and constraints
 * stay. A quote that is never closed hides the rest of the message.
 */
export function withoutQuotedValues(message: string): string {
  let placed = message.slice(0, MAX_CHARS);
  for (const [place, replacement] of VALUE_PLACES) placed = placed.replace(place, replacement);
  let result = '';
  let done = 0;
  // A quote after a letter is an apostrophe, or ends a text.
  const opening = /(?<![\w'"])['"]/g;
  for (let match = opening.exec(placed); match !== null; match = opening.exec(placed)) {
    const end = endOfQuoted(placed, match.index);
    const before = placed.slice(done, match.index);
    const isName = NAME_FOLLOWS.test(before);
    result += before + (isName ? placed.slice(match.index, end) : `${match[0]}?${match[0]}`);
    done = end;
    opening.lastIndex = end;
  }
  return result + placed.slice(done);
}

/** The index after the quote that closes the one at `start`: the next with no letter, digit or like quote behind it. */
function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    const next = text.charAt(at + 1);
    if (next === quote) at++;
    else if (!/\w/.test(next)) return at + 1;
  }
  return text.length;
}
