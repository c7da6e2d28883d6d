/** Characters of a long value that are looked for where a database quotes only its beginning. */
const PREFIX_CHARS = 24;
const MAX_VALUES = 1000;

/**
 * `db.response.status_code` of an error: the SQLSTATE of PostgreSQL, the numbers of MySQL and SQL Server, the codes of
 * Oracle and SQLite. Undefined for what did not come from the database, such as a lost connection.
 */
export function statusCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno, number, sqlState } = error as Record<string, unknown>;
  if (typeof sqlState === 'string' && typeof errno === 'number') return String(errno);
  if (typeof code === 'string' && /^(?:(?=\D*\d)[\dA-Z]{5}|SQLITE_\w+|ORA-\d+)$/.test(code)) return code;
  return typeof number === 'number' ? String(number) : undefined;
}

/**
 * An error as it may be recorded: bound values and the statement's literals are `?` in its message and stack.
 * The program's own error is not changed; what has no message comes back as it is.
 */
export function withoutValues(
  error: unknown,
  sql: string | undefined,
  values: readonly unknown[] = [],
  databaseSaid: (message: string) => string = (message) => message,
): unknown {
  const secrets = [...values.flat(3).slice(0, MAX_VALUES).map(textOf), ...literalsOf(sql)];
  const clean = (text: string) => secrets.reduce(takeOut, text);
  if (typeof error === 'string') return clean(error);
  if (typeof error !== 'object' || error === null) return error;
  const { message, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
  if (typeof message !== 'string') return error;
  const said = databaseSaid(message);
  return Object.create(error, {
    message: { value: clean(said) },
    stack: { value: typeof stack === 'string' ? clean(stack.replace(message, () => said)) : undefined },
  });
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

function literalsOf(sql: string | undefined): string[] {
  return Array.from(sql?.matchAll(/'((?:[^']|'')*)'/g) ?? [], ([, inside]) => inside ?? '');
}

/** A value counts where it stands as a whole, so that the value `a` does not spoil every word. */
function takeOut(text: string, value: string): string {
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
