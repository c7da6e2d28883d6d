// Where quoted texts and comments end. What is not closed ends with the statement, which may have been cut.

const QUOTE = 39;
const BACKSLASH = 92;
const NEWLINE = 10;
const RETURN = 13;

/** The end of a text or name that begins with a quote at `start` and ends with the same one, or with `close`. */
export function endOfQuoted(
  sql: string,
  start: number,
  backslashes: boolean,
  close = sql.charCodeAt(start),
): number {
  for (let at = start + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    if (code === BACKSLASH && backslashes) at++;
    else if (code === close) {
      if (sql.charCodeAt(at + 1) !== close) return at + 1;
      at++;
    }
  }
  return sql.length;
}

/** The end of PostgreSQL's `E'…'`, which a text on the next line continues with the same escapes. */
export function endOfEscapedTexts(sql: string, start: number): number {
  let end = endOfQuoted(sql, start, true);
  for (;;) {
    const next = continuation(sql, end);
    if (next < 0) return end;
    end = endOfQuoted(sql, next, true);
  }
}

/** The start of the text that continues one before `end`; -1 if there is none. There must be a line break in between. */
function continuation(sql: string, end: number): number {
  let lines = 0;
  for (let at = end; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    if (code === QUOTE) return lines > 0 ? at : -1;
    if (code === NEWLINE || code === RETURN) lines++;
    else if (lines > 0 && code === 45 && sql.charCodeAt(at + 1) === 45) at = endOfLine(sql, at, true) - 1;
    else if (code !== 32 && code !== 9 && code !== 11 && code !== 12) return -1;
  }
  return -1;
}

/** The end of `$tag$…$tag$` for the opening `$` and the end of the tag; -1 if no such text begins here. */
export function endOfDollarQuoted(sql: string, start: number, tagEnd: number): number {
  const first = sql.charCodeAt(start + 1);
  if (sql.charCodeAt(tagEnd) !== 36 || (first >= 48 && first <= 57)) return -1;
  const tag = sql.slice(start, tagEnd + 1);
  const close = sql.indexOf(tag, tagEnd + 1);
  return close < 0 ? sql.length : close + tag.length;
}

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')', '<': '>' };

/** The end of Oracle's `q'[…]'` for the position of the quote. */
export function endOfDelimited(sql: string, quote: number): number {
  const delimiter = sql.charAt(quote + 1);
  const close = sql.indexOf(`${CLOSING[delimiter] ?? delimiter}'`, quote + 2);
  return close < 0 ? sql.length : close + 2;
}

/** The position of the next line break. */
export function endOfLine(sql: string, start: number, returnEndsLine = false): number {
  for (let at = start; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    if (code === NEWLINE || (returnEndsLine && code === RETURN)) return at;
  }
  return sql.length;
}

/** The end of a comment that may contain others. */
export function endOfNested(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    const next = sql.charCodeAt(at + 1);
    if (code === 47 && next === 42) {
      depth++;
      at++;
    } else if (code === 42 && next === 47) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}
