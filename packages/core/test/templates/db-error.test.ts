import { statusCodeOf, withoutValues } from '../../src/templates/db-error.ts';

describe('the status code of a database', () => {
  test.each<[string, object, string | undefined]>([
    ['PostgreSQL', { code: '42P01' }, '42P01'],
    ['MySQL', { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' }, '1062'],
    ['SQL Server', { code: 'EREQUEST', number: 2627 }, '2627'],
    ['Oracle', { code: 'ORA-00942', errorNum: 942 }, 'ORA-00942'],
    ['SQLite', { code: 'SQLITE_CONSTRAINT_UNIQUE', errno: 19 }, 'SQLITE_CONSTRAINT_UNIQUE'],
    ['nobody, when the connection is lost', { code: 'EPIPE', errno: -32 }, undefined],
    ['nobody, when it is refused', { code: 'ECONNREFUSED', errno: -111 }, undefined],
  ])('of %s', (_who, error, expected) => {
    expect(statusCodeOf(Object.assign(new Error('no'), error))).toBe(expected);
  });

  test('of what is no error is none', () => {
    expect(statusCodeOf('42P01')).toBeUndefined();
    expect(statusCodeOf(undefined)).toBeUndefined();
  });
});

describe('an error without values', () => {
  const recorded = (message: string, values: readonly unknown[], sql?: string) =>
    (withoutValues(new Error(message), sql, values) as Error).message;

  test.each<[string, string, readonly unknown[], string]>([
    ['a text', "Duplicate entry 'bo@x.example' for key", ['bo@x.example'], "Duplicate entry '?' for key"],
    ['a number, as a whole only', 'row 17 of 1718', [17], 'row ? of 1718'],
    ['a short text, as a whole only', 'a bad table', ['a'], '? bad table'],
    ['a list', 'key (id)=(4711)', [[[4711]]], 'key (id)=(?)'],
    ['an object', 'token in {"pin":"0000"}', [{ pin: '0000' }], 'token in ?'],
    ['a date', 'bad "2026-01-02T03:04:05.000Z"', [new Date('2026-01-02T03:04:05Z')], 'bad "?"'],
    ['what has no text', 'bad 1', [{ big: 1n }, new Uint8Array(2)], 'bad 1'],
    ['an expression', 'bad (.*)+ here', ['(.*)+'], 'bad ? here'],
    ['a long text that is cut', `bad '${'x'.repeat(30)}' here`, ['x'.repeat(4000)], "bad '?' here"],
    ['nothing', 'syntax error', ['', null, undefined, true], 'syntax error'],
  ])('says %s no more', (_what, message, values, expected) => {
    expect(recorded(message, values)).toBe(expected);
  });

  test('says literals of the statement no more', () => {
    const sql = "SELECT 'bo''s pin'::int";
    expect(recorded("invalid: bo''s pin", [], sql)).toBe('invalid: ?');
  });

  test('is a view: the stack is clean, type and code stay, the program’s own is not changed', () => {
    const error = Object.assign(new TypeError('bad value s3cr3t'), { code: '22P02' });
    const view = withoutValues(error, undefined, ['s3cr3t']) as typeof error;
    expect(view).toBeInstanceOf(TypeError);
    expect(view.code).toBe('22P02');
    expect(view.stack).toMatch(/^TypeError: bad value \?\n/);
    expect(error.message).toBe('bad value s3cr3t');
    expect(error.stack).toContain('s3cr3t');
  });

  test('has what the database said only, where the library put the statement before it', () => {
    const error = new Error("insert 's3cr3t' - no such table");
    const view = withoutValues(error, undefined, [], (message) => message.slice(18)) as Error;
    expect(view.message).toBe('no such table');
    expect(view.stack).toMatch(/^Error: no such table\n/);
  });

  test('is what was thrown, where that is no error', () => {
    expect(withoutValues('bad s3cr3t', undefined, ['s3cr3t'])).toBe('bad ?');
    expect(withoutValues(7, undefined)).toBe(7);
    expect(withoutValues(null, undefined)).toBeNull();
  });
});
