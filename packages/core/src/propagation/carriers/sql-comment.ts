import { countDropped } from '../dropped.ts';

/** Servers and their logs keep whole statements, so the size of a comment is limited. */
const MAX_COMMENT_CHARS = 16_384;

/**
 * Appends trace context to a statement as a comment, in sqlcommenter's form: sorted keys, keys and values URL-encoded,
 * values in single quotes, before a closing semicolon. A statement that may already have a comment is returned unchanged.
 * Fields that would make the comment longer than 16,384 characters are left out and counted.
 *
 * Caches (prepared statements, plans) use the text of a statement as their key: append only if every text is new anyway.
 * Source: https://google.github.io/sqlcommenter/spec/
 */
export function appendSqlComment(statement: string, fields: Readonly<Record<string, string>>): string {
  if (statement.includes('/*') || statement.includes('--')) return statement;
  const pairs = Object.entries(fields)
    .filter(([key, value]) => key !== '' && value !== '')
    .map(([key, value]) => `${encode(key)}='${encode(value)}'`)
    .sort()
    .filter(withinComment());
  if (pairs.length === 0) return statement;
  const text = statement.trimEnd();
  const end = text.endsWith(';') ? text.length - 1 : text.length;
  return `${text.slice(0, end)} /*${pairs.join(',')}*/${text.slice(end)}`;
}

function withinComment(): (pair: string) => boolean {
  let left = MAX_COMMENT_CHARS;
  return (pair) => {
    const fits = pair.length < left;
    if (fits) left -= pair.length + 1;
    else countDropped('sql comment', 'outgoing field does not fit');
    return fits;
  };
}

/** Further fields of a comment are ignored. */
const MAX_FIELDS = 64;

/** The fields of the comment at the end of a statement; empty without such a comment, or if it is longer than 16 KiB. */
export function parseSqlComment(statement: string): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  const text = statement.trimEnd();
  const end = text.endsWith(';') ? text.slice(0, -1).trimEnd() : text;
  const open = end.lastIndexOf('/*');
  if (open < 0 || !end.endsWith('*/') || end.length - open > MAX_COMMENT_CHARS) return fields;
  for (const pair of end.slice(open + 2, -2).split(',', MAX_FIELDS)) {
    const quote = pair.indexOf("='");
    if (quote > 0 && pair.endsWith("'")) {
      fields[decode(pair.slice(0, quote).trim())] = decode(pair.slice(quote + 2, -1));
    }
  }
  return fields;
}

/** `encodeURIComponent` keeps quotes, which would end the value. A lone surrogate becomes U+FFFD. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
