import { withoutQuotedValues } from './database-message.ts';
import type { BoundValues } from './db-query.ts';
import { literalsOf } from './sql.ts';

/** The number of characters to search for if a database quotes only the beginning of a long value. */
const PREFIX_CHARS = 24;
const MAX_VALUES = 1000;
/** The number of occurrences of the separator that are tried, from the end. */
const MAX_SEPARATORS = 64;

/**
 * `db.response.status_code` of an error: the SQLSTATE of PostgreSQL, the numbers of MySQL, SQL Server and MongoDB, the
 * codes of Oracle and SQLite, the first word of an error of Redis (`WRONGTYPE`). Undefined for an error that did not come
 * from the database, such as a lost connection.
 */
export function statusCodeOf(error: unknown, system?: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errcode, errno, message, number, sqlState } = error as Record<string, unknown>;
  if (system === 'redis') return /^[A-Z][A-Z0-9]+(?= )/.exec(String(message))?.[0];
  if (system === 'mongodb') return typeof code === 'number' ? String(code) : undefined;
  // `node:sqlite`
  if (typeof errcode === 'number') return String(errcode);
  if (typeof sqlState === 'string' && typeof errno === 'number') return String(errno);
  if (typeof code === 'string' && /^(?:(?=\D*\d)[\dA-Z]{5}|SQLITE_\w+|ORA-\d+)$/.test(code)) return code;
  return typeof number === 'number' ? String(number) : undefined;
}

/** The statement that failed. */
export interface FailedStatement {
  /** `db.system.name` */
  readonly system: string;
  readonly sql: string | undefined;
  readonly values?: BoundValues | undefined;
}

/**
 * Returns an error that is safe to record: its message is the database's own without quoted values, and its stack begins
 * with that message. Bound values and literals elsewhere in the message, such as in one raised by a trigger, become `?`
 * too. The application's error is not changed; a value without a message is returned unchanged.
 */
export function withoutValues(error: unknown, statement: FailedStatement): unknown {
  if (typeof error === 'string') return clean(error, statement);
  if (typeof error !== 'object' || error === null) return error;
  const { message, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
  if (typeof message !== 'string') return error;
  const original = databaseMessage(error, message, stack, statement.sql);
  const cleaned = clean(original, statement);
  return Object.create(error, {
    message: { value: cleaned },
    stack: {
      value: typeof stack === 'string' ? withMessage(stack, [message, original], cleaned) : undefined,
    },
  });
}

/**
 * The message without what a library added: knex prepends the statement with its values, MariaDB's driver appends both
 * and keeps the original message in `sqlMessage`.
 */
function databaseMessage(error: object, message: string, stack: unknown, sql: string | undefined): string {
  const { sqlMessage } = error as { readonly sqlMessage?: unknown };
  if (typeof sqlMessage === 'string') return sqlMessage;
  if (sql === undefined || !message.startsWith(sql.slice(0, sql.search(/[?$:@]|$/)))) return message;
  if (message.startsWith(`${sql} - `)) return message.slice(sql.length + 3);
  // The values in the statement may contain the separator. The stack has the message with which the error was created.
  const origin = typeof stack === 'string' && !stack.includes(message) ? stack : '';
  let found: string | undefined;
  let at = message.lastIndexOf(' - ');
  for (let tries = 0; at > 0 && tries < MAX_SEPARATORS; tries++) {
    const rest = message.slice(at + 3);
    if (found === undefined || origin.includes(rest)) found = rest;
    at = message.lastIndexOf(' - ', at - 1);
  }
  return found ?? message;
}

/** Replaces the message of a stack; if the stack contains none of the known messages, only its frames are kept. */
function withMessage(stack: string, known: readonly string[], message: string): string {
  for (const each of known) {
    const at = each === '' ? -1 : stack.indexOf(each);
    if (at >= 0) return stack.slice(0, at) + message + stack.slice(at + each.length);
  }
  const frames = /(?:\n {4}at [^\n]*)+\s*$/.exec(stack)?.[0] ?? '';
  const name = /^\w+/.exec(stack)?.[0] ?? 'Error';
  return `${name}: ${message}${frames}`;
}

function clean(message: string, { system, sql, values = [] }: FailedStatement): string {
  const withoutQuoted = withoutQuotedValues(system === 'mongodb' ? withoutDocuments(message) : message);
  const bound: readonly unknown[] = Array.isArray(values) ? values : Object.values(values);
  const secrets = [...bound.flat(3).slice(0, MAX_VALUES).map(textOf), ...literalsOf(sql, system)];
  return secrets.reduce(hideValue, withoutQuoted);
}

/** MongoDB puts documents of the application into its messages: `dup key: { email: "a@example.com" }`. */
function withoutDocuments(message: string): string {
  const start = message.indexOf('{');
  if (start < 0) return message;
  const end = message.lastIndexOf('}');
  // Without a closing brace, the last document was cut off.
  const rest = end > message.lastIndexOf('{') ? message.slice(end + 1) : '';
  return `${message.slice(0, start)}{?}${rest}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return '';
  try {
    return (JSON.stringify(value) ?? '').replace(/^"|"$/g, '');
  } catch {
    return '';
  }
}

/** Replaces a value with `?` where it is a whole word, so that the value `a` does not change every word. */
function hideValue(text: string, value: string): string {
  const prefix = value.slice(0, PREFIX_CHARS);
  if (prefix === '' || !text.includes(prefix)) return text;
  const before = /^\w/.test(value) ? String.raw`(?<!\w)` : '';
  const after = /\w$/.test(value) ? String.raw`(?!\w)` : '';
  const whole = text.replace(new RegExp(`${before}${escaped(value)}${after}`, 'g'), '?');
  if (value.length <= PREFIX_CHARS) return whole;
  return whole.replace(new RegExp(`${before}${escaped(prefix)}[^'"\n]*`, 'g'), '?');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
