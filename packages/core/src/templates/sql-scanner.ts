import type { SqlDialect } from './sql-dialect.ts';
import {
  endOfDelimited,
  endOfDollarQuoted,
  endOfEscapedTexts,
  endOfLine,
  endOfNested,
  endOfQuoted,
} from './sql-quotes.ts';

/** The kinds of tokens. White space and operators are not tokens. */
export const TOKEN = {
  end: 0,
  comment: 1,
  text: 2,
  number: 3,
  placeholder: 4,
  word: 5,
  /** A name in quotes. */
  quoted: 6,
  punctuation: 7,
} as const;

export type TokenKind = (typeof TOKEN)[keyof typeof TOKEN];

const LETTER = 1;
const DIGIT = 2;
/** The class of each ASCII character. */
const CLASSES = new Uint8Array(128);
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')
  CLASSES[char.charCodeAt(0)] = LETTER;
for (const char of '0123456789') CLASSES[char.charCodeAt(0)] = DIGIT;

const DOLLAR = 36;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const BANG = 33;

/**
 * Splits a statement into tokens, in one pass. Written for speed, because an application may send each statement once
 * (`benchmarks/sql-micro.mjs`): the plain form is one regular expression with a group for each kind.
 */
export class SqlScanner {
  /** The position of the current token. */
  start = 0;
  end = 0;
  readonly #sql: string;
  readonly #dialect: SqlDialect;
  /** Where the part of the statement that MySQL reads in a comment ends; -1 outside of one. */
  #executableEnd = -1;

  constructor(sql: string, dialect: SqlDialect) {
    this.#sql = sql;
    this.#dialect = dialect;
  }

  /** Moves to the next token. */
  next(): TokenKind {
    const kind = this.#read();
    const { length } = this.#sql;
    // A version of MySQL that skips this comment reads the rest differently, so the rest counts as a value.
    if (this.#executableEnd >= 0 && this.start < this.#executableEnd && this.end > this.#executableEnd) {
      this.end = length;
      this.#executableEnd = -1;
      return TOKEN.text;
    }
    return kind;
  }

  #read(): TokenKind {
    const sql = this.#sql;
    const { length } = sql;
    for (let at = this.end; at < length; at++) {
      const code = sql.charCodeAt(at);
      if (code >= 128 || CLASSES[code] === LETTER) return this.#word(at, code);
      if (CLASSES[code] === DIGIT) return this.#number(at);
      const kind = this.#special(at, code);
      if (kind !== TOKEN.end) return kind;
      // `a::text` is a cast, and not a placeholder.
      if (code === 58 && sql.charCodeAt(at + 1) === 58) at++;
    }
    this.start = length;
    this.end = length;
    return TOKEN.end;
  }

  /** The token that begins with a character that is neither a letter nor a digit; `end` if it is not a token. */
  #special(at: number, code: number): TokenKind {
    const sql = this.#sql;
    const dialect = this.#dialect;
    switch (code) {
      case 39: // '
        return this.#take(TOKEN.text, at, endOfQuoted(sql, at, dialect.backslashes === true));
      case 34: // "
        return dialect.doubleQuoted === 'text'
          ? this.#take(TOKEN.text, at, endOfQuoted(sql, at, dialect.backslashes === true))
          : this.#take(TOKEN.quoted, at, endOfQuoted(sql, at, false));
      case 96: // `
        return dialect.backticks ? this.#take(TOKEN.quoted, at, endOfQuoted(sql, at, false)) : TOKEN.end;
      case 91: // [
        return dialect.brackets ? this.#take(TOKEN.quoted, at, endOfQuoted(sql, at, false, 93)) : TOKEN.end;
      case 40: // ( ) , ;
      case 41:
      case 44:
      case 59:
        return this.#take(TOKEN.punctuation, at, at + 1);
      case DOT:
        return CLASSES[sql.charCodeAt(at + 1)] === DIGIT
          ? this.#number(at)
          : this.#take(TOKEN.punctuation, at, at + 1);
      case 63: // ?
        return this.#take(TOKEN.placeholder, at, this.#endOfWord(at + 1, DIGIT));
      case 58: // : @
      case 64:
        return this.#placeholder(at);
      case DOLLAR:
        return this.#dollar(at);
      case 35: // #
        return dialect.mysqlComments ? this.#take(TOKEN.comment, at, endOfLine(sql, at)) : TOKEN.end;
      case MINUS:
        return this.#dash(at);
      case SLASH:
      case STAR:
        return this.#blockComment(at, code);
      default:
        return TOKEN.end;
    }
  }

  #take(kind: TokenKind, start: number, end: number): TokenKind {
    this.start = start;
    this.end = end;
    return kind;
  }

  #word(at: number, code: number): TokenKind {
    const sql = this.#sql;
    const next = sql.charCodeAt(at + 1);
    if (next === 39) {
      // E'…'
      if (this.#dialect.escapePrefix && (code | 32) === 101)
        return this.#take(TOKEN.text, at, endOfEscapedTexts(sql, at + 1));
      if (this.#dialect.delimiterQuotes && (code | 32) === 113)
        return this.#take(TOKEN.text, at, endOfDelimited(sql, at + 1));
    }
    // nq'…'
    if (
      this.#dialect.delimiterQuotes &&
      (code | 32) === 110 &&
      (next | 32) === 113 &&
      sql.charCodeAt(at + 2) === 39
    )
      return this.#take(TOKEN.text, at, endOfDelimited(sql, at + 2));
    let end = at + 1;
    for (; end < sql.length; end++) {
      const each = sql.charCodeAt(end);
      if (each < 128 && CLASSES[each] === 0 && each !== DOLLAR) break;
    }
    return this.#take(TOKEN.word, at, end);
  }

  /** Everything adjacent to a digit, so that a number in an unknown form is taken completely. */
  #number(at: number): TokenKind {
    const sql = this.#sql;
    let end = at + 1;
    for (; end < sql.length; end++) {
      const code = sql.charCodeAt(end);
      if (code >= 128 || CLASSES[code] !== 0 || code === DOT) continue;
      const isExponent = (sql.charCodeAt(end - 1) | 32) === 101 && CLASSES[sql.charCodeAt(end + 1)] === DIGIT;
      if (!isExponent || (code !== PLUS && code !== MINUS)) break;
    }
    return this.#take(TOKEN.number, at, end);
  }

  /** `:name`, `@name`, `:1` of Oracle; other numbers after `:` are bounds of a slice. */
  #placeholder(at: number): TokenKind {
    const next = this.#sql.charCodeAt(at + 1);
    if (next >= 128 || CLASSES[next] === LETTER)
      return this.#take(TOKEN.placeholder, at, this.#endOfWord(at + 1, LETTER));
    const isNumbered =
      this.#dialect.delimiterQuotes === true && this.#sql.charAt(at) === ':' && CLASSES[next] === DIGIT;
    return isNumbered ? this.#take(TOKEN.placeholder, at, this.#endOfWord(at + 1, DIGIT)) : TOKEN.end;
  }

  #dollar(at: number): TokenKind {
    const sql = this.#sql;
    if (this.#dialect.dollarQuotes) {
      const end = endOfDollarQuoted(sql, at, this.#endOfWord(at + 1, LETTER));
      if (end >= 0) return this.#take(TOKEN.text, at, end);
      const end1 = this.#endOfWord(at + 1, DIGIT);
      return end1 > at + 1 ? this.#take(TOKEN.placeholder, at, end1) : TOKEN.end;
    }
    const isName = this.#dialect.doubleQuoted === 'either' && CLASSES[sql.charCodeAt(at + 1)] === LETTER;
    return isName ? this.#take(TOKEN.placeholder, at, this.#endOfWord(at + 1, LETTER)) : TOKEN.end;
  }

  #endOfWord(at: number, least: number): number {
    const sql = this.#sql;
    let end = at;
    for (; end < sql.length; end++) {
      const code = sql.charCodeAt(end);
      const kind = code >= 128 ? LETTER : CLASSES[code];
      if (kind === 0 || (least === DIGIT && kind !== DIGIT)) break;
    }
    return end;
  }

  #dash(at: number): TokenKind {
    const sql = this.#sql;
    if (sql.charCodeAt(at + 1) !== MINUS) return TOKEN.end;
    // MySQL: `1--1` is a subtraction.
    if (this.#dialect.mysqlComments && sql.charCodeAt(at + 2) > 32) return TOKEN.end;
    return this.#take(TOKEN.comment, at, endOfLine(sql, at, this.#dialect.escapePrefix === true));
  }

  #blockComment(at: number, code: number): TokenKind {
    const sql = this.#sql;
    if (code === STAR) {
      if (at !== this.#executableEnd) return TOKEN.end;
      this.#executableEnd = -1;
      return this.#take(TOKEN.comment, at, at + 2);
    }
    if (sql.charCodeAt(at + 1) !== STAR) return TOKEN.end;
    if (this.#dialect.nestsComments) return this.#take(TOKEN.comment, at, endOfNested(sql, at));
    const closed = sql.indexOf('*/', at + 2);
    const end = closed < 0 ? sql.length : closed;
    const marker = this.#dialect.mysqlComments ? endOfMarker(sql, at + 2) : -1;
    if (marker < 0) return this.#take(TOKEN.comment, at, Math.min(end + 2, sql.length));
    // One such comment inside another: see `next`.
    if (this.#executableEnd >= 0) return this.#take(TOKEN.text, at, sql.length);
    this.#executableEnd = end;
    return this.#take(TOKEN.comment, at, marker);
  }
}

/** The end of `!50110` or `M!100100`, which begin the part of a comment that MySQL and MariaDB read; else -1. */
function endOfMarker(sql: string, at: number): number {
  const bang = (sql.charCodeAt(at) | 32) === 109 ? at + 1 : at;
  if (sql.charCodeAt(bang) !== BANG) return -1;
  let end = bang + 1;
  while (CLASSES[sql.charCodeAt(end)] === DIGIT) end++;
  return end;
}
