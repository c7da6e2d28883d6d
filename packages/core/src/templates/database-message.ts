import { cutText } from '../kit/cut-text.ts';

/**
 * Removes values from the error messages of databases. Databases quote names of the schema and values of the application
 * in the same way, so the position in the message decides: a quoted text stays after a word that announces a name, such
 * as `table`, and becomes `?` everywhere else.
 */

/** Longer messages are cut before they are searched; recording an error cuts them at the same length. */
const MAX_CHARS = 4096;

/**
 * Patterns of known messages with values. A value may contain quotes, so each pattern matches up to the last possible
 * quote, or to the end of the message.
 */
const VALUE_PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // MySQL and MariaDB: `Duplicate entry 'it's' for key 'songs.title'`.
  [/(\bDuplicate entry )'(?:.*'(?= for key\b)|.*$)/s, "$1'?'"],
  // `Incorrect integer value: 'abc' for column 'id' at row 1`.
  [/( value: )'.*'(?= for (?:column|function) )/s, "$1'?'"],
  // `... to use near 'SELECT ...' at line 1`.
  [/(\bnear )'(?:.*'(?= at line \d+$)|.*$)/s, "$1'?'"],
  // `BIGINT value is out of range in '(`shop`.`songs`.`plays` - 5)'`.
  [/( is out of range in )'.*$/s, "$1'?'"],
  // PostgreSQL: `value "99999999999" is out of range for type integer`.
  [/(^value )".*"(?= is out of range for type )/s, '$1"?"'],
  // `syntax error at or near "abc"`, and SQLite's `near "abc": syntax error`.
  [/(\bnear )"(?:.*"(?=: syntax error$)|.*$)/s, '$1"?"'],
  // SQLite: `no such column: "abc" - should this be a string literal in single-quotes?`.
  [/(\bno such column: )".*"(?= - should this be )/s, '$1"?"'],
  // SQL Server: `The duplicate key value is (abc).`, `... the varchar value 'abc' to data type int.`
  [/( value is )\(.*$/s, '$1(?)'],
  [/( value )'.*'(?= to data type )/s, "$1'?'"],
  // `invalid input syntax for type integer: "abc"`, `unrecognized token: "'abc"`, `XPATH syntax error: 'abc'`.
  [/(: )"(?!\?").*$/s, '$1"?"'],
  [/(: )'(?!\?').*$/s, "$1'?'"],
];

/** Words before a quoted name of the schema or of a part of the statement. */
const NAME_FOLLOWS = new RegExp(
  `(?:^|[\\s(])(?:${[
    'attribute|catalog|check|collation|column|constraint|cursor|database|domain|encoding|extension|field|file|for key',
    'function|in|index|key|language|method|name|object|operator|parameter|portal|procedure|reference|relation|role|rule',
    'savepoint|schema|sequence|server|set|statement|table|tablespace|trigger|type|user|variable|view',
  ].join('|')})\\s$`,
  'i',
);

/**
 * Replaces each quoted value of a database's error message with `?`. Names of tables, columns and constraints stay. If a
 * quote is never closed, the rest of the message is replaced.
 */
export function withoutQuotedValues(message: string): string {
  let replaced = cutText(message, MAX_CHARS);
  for (const [pattern, replacement] of VALUE_PATTERNS) replaced = replaced.replace(pattern, replacement);
  let result = '';
  let done = 0;
  // A quote after a letter is an apostrophe or a closing quote.
  const opening = /(?<![\w'"])['"]/g;
  for (let match = opening.exec(replaced); match !== null; match = opening.exec(replaced)) {
    const end = endOfQuoted(replaced, match.index);
    const before = replaced.slice(done, match.index);
    const isName = NAME_FOLLOWS.test(before);
    result += before + (isName ? replaced.slice(match.index, end) : `${match[0]}?${match[0]}`);
    done = end;
    opening.lastIndex = end;
  }
  return result + replaced.slice(done);
}

/** The index after the closing quote for the one at `start`: the next not followed by a letter, digit or the same quote. */
function endOfQuoted(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    const next = text.charAt(at + 1);
    if (next === quote) at++;
    else if (!/\w/.test(next)) return at + 1;
  }
  return text.length;
}
