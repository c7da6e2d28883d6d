import { statusCodeOf, withoutValues } from '../../src/templates/db-error.ts';

describe('the status code of a database', () => {
  test.each<[string, object, string | undefined]>([
    ['PostgreSQL', { code: '42P01' }, '42P01'],
    ['MySQL', { code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' }, '1062'],
    ['SQL Server', { code: 'EREQUEST', number: 2627 }, '2627'],
    ['Oracle', { code: 'ORA-00942', errorNum: 942 }, 'ORA-00942'],
    ['SQLite', { code: 'SQLITE_CONSTRAINT_UNIQUE', errno: 19 }, 'SQLITE_CONSTRAINT_UNIQUE'],
    ['a lost connection, which has none', { code: 'EPIPE', errno: -32 }, undefined],
    ['a refused connection, which has none', { code: 'ECONNREFUSED', errno: -111 }, undefined],
  ])('of %s', (_who, error, expected) => {
    expect(statusCodeOf(Object.assign(new Error('no'), error))).toBe(expected);
  });

  test('of MongoDB is a number', () => {
    expect(statusCodeOf(Object.assign(new Error('no'), { code: 11000 }), 'mongodb')).toBe('11000');
    expect(statusCodeOf(new Error('connection closed'), 'mongodb')).toBeUndefined();
  });

  test('is undefined for a value that is not an error', () => {
    expect(statusCodeOf('42P01')).toBeUndefined();
    expect(statusCodeOf(undefined)).toBeUndefined();
  });
});

describe('an error without values', () => {
  const recorded = (message: string, values: readonly unknown[], sql?: string) =>
    (withoutValues(new Error(message), { system: 'postgresql', sql, values }) as Error).message;

  test.each<[string, string, readonly unknown[], string]>([
    ['a text', "Duplicate entry 'bo@x.example' for key", ['bo@x.example'], "Duplicate entry '?' for key"],
    ['a number, as a whole word only', 'row 17 of 1718', [17], 'row ? of 1718'],
    ['a short text, as a whole word only', 'a bad table', ['a'], '? bad table'],
    ['a list', 'key (id)=(4711)', [[[4711]]], 'key (id)=(?)'],
    ['an object', 'token in {"pin":"0000"}', [{ pin: '0000' }], 'token in {"?":"?"}'],
    ['a date', 'bad 2026-01-02T03:04:05.000Z', [new Date('2026-01-02T03:04:05Z')], 'bad ?'],
    ['a value without text', 'bad 1', [{ big: 1n }, new Uint8Array(2)], 'bad 1'],
    ['an expression', 'bad (.*)+ here', ['(.*)+'], 'bad ? here'],
    ['a long text that is cut', `bad ${'x'.repeat(30)}`, ['x'.repeat(4000)], 'bad ?'],
    ['nothing', 'syntax error', ['', null, undefined, true], 'syntax error'],
  ])('hides %s that is not in quotes', (_what, message, values, expected) => {
    expect(recorded(message, values)).toBe(expected);
  });

  test.each([
    "SELECT 'bo''s pin'::int",
    "SELECT E'bo\\'s pin'::int",
    "SELECT $$bo's pin$$::int",
    "SELECT $q$bo's pin$q$::int",
  ])('hides the literal of %s', (sql) => {
    expect(recorded("no such user bo's pin", [], sql)).toBe('no such user ?');
  });

  test('has a clean stack, the same type and code, and leaves the application’s error unchanged', () => {
    const error = Object.assign(new TypeError('bad value "s3cr3t"'), { code: '22P02' });
    const view = withoutValues(error, { system: 'postgresql', sql: undefined }) as typeof error;
    expect(view).toBeInstanceOf(TypeError);
    expect(view.code).toBe('22P02');
    expect(view.stack).toMatch(/^TypeError: bad value "\?"\n/);
    expect(error.message).toBe('bad value "s3cr3t"');
    expect(error.stack).toContain('s3cr3t');
  });

  test.each([
    [
      'E11000 duplicate key error collection: shop.users index: email_1 dup key: { email: "bo@x.example" }',
      'E11000 duplicate key error collection: shop.users index: email_1 dup key: {?}',
    ],
    [
      'Cannot apply $inc to a value of non-numeric type. {_id: 4711} has the field',
      'Cannot apply $inc to a value of non-numeric type. {?} has the field',
    ],
    ['Failed to parse: { a: { b: 4711 }', 'Failed to parse: {?}'],
    ['cut off: { a: 4711', 'cut off: {?}'],
    ['parse error at } near { ssn: 4711, name: Bo', 'parse error at } near {?}'],
    ['no match: { a: 1 } with { b: 4711, c: Bo', 'no match: {?}'],
    ['ns not found', 'ns not found'],
  ])('of MongoDB has no documents: %s', (message, expected) => {
    const view = withoutValues(new Error(message), { system: 'mongodb', sql: undefined }) as Error;
    expect(view.message).toBe(expected);
  });

  const insert = "insert into t values ('s3cr3t - s3cr3t', 4711)";

  test.each<[string, string, string, string]>([
    ['as it was sent', 'insert into t values (?, ?)', 'no such table: a - b', 'no such table: a - b'],
    ['without placeholders', insert, 'no such table: a - b', 'no such table: a - b'],
    ['with the values filled in', 'insert into t values (?, ?)', 'no such table: t', 'no such table: t'],
  ])(
    'has the message of the database only, where a library put the statement before it, %s',
    (how, sql, message, expected) => {
      const statement = how === 'as it was sent' ? sql : insert;
      const error = new Error(`${statement} - ${message}`);
      const view = withoutValues(error, { system: 'sqlite', sql }) as Error;
      expect(view.message).toBe(expected);
      expect(view.stack?.split('\n')[0]).toBe(`Error: ${expected}`);
    },
  );

  test('has the complete message if the stack still contains it', () => {
    const error = new Error(`${insert} - no such column: a - b`);
    error.stack = 'Error: no such column: a - b\n    at query (db.js:1:2)';
    const view = withoutValues(error, { system: 'sqlite', sql: 'insert into t values (?, ?)' }) as Error;
    expect(view.message).toBe('no such column: a - b');
    expect(view.stack).toBe('Error: no such column: a - b\n    at query (db.js:1:2)');
  });

  test('has the driver’s sqlMessage if a MySQL driver appended statement and values to the message', () => {
    const sqlMessage = "Duplicate entry 's3cr3t' for key 'PRIMARY'";
    const error = Object.assign(new Error(`(conn:5) ${sqlMessage}\nsql: ${insert} - parameters:['s3cr3t']`), {
      sqlMessage,
    });
    const view = withoutValues(error, { system: 'mariadb', sql: undefined }) as Error;
    expect(view.message).toBe("Duplicate entry '?' for key 'PRIMARY'");
    expect(view.stack).not.toContain('s3cr3t');
  });

  test('is the thrown value itself if it is not an error', () => {
    const statement = { system: 'postgresql', sql: undefined, values: ['s3cr3t'] };
    expect(withoutValues('bad s3cr3t', statement)).toBe('bad ?');
    expect(withoutValues(7, statement)).toBe(7);
    expect(withoutValues(null, statement)).toBeNull();
  });
});
