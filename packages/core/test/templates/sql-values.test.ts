import fc from 'fast-check';
import { loadModule, scanSync } from 'libpg-query';
import { readSql } from '../../src/templates/sql.ts';

const SYSTEMS = ['postgresql', 'mysql', 'mariadb', 'sqlite', 'microsoft.sql_server', 'oracle.db'] as const;

/** How each dialect writes a text literal with the content `value`. */
const quotings: Record<(typeof SYSTEMS)[number], ((value: string) => string)[]> = {
  postgresql: [
    (value) => `'${value.replaceAll("'", "''")}'`,
    (value) => `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    (value) => `$tag$${value.replaceAll('$', '')}$tag$`,
    (value) => `$$${value.replaceAll('$', '')}$$`,
  ],
  mysql: [
    (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
    (value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  ],
  mariadb: [(value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`],
  sqlite: [(value) => `'${value.replaceAll("'", "''")}'`, (value) => `"${value.replaceAll('"', '""')}"`],
  'microsoft.sql_server': [(value) => `N'${value.replaceAll("'", "''")}'`],
  'oracle.db': [
    (value) => `'${value.replaceAll("'", "''")}'`,
    (value) => `q'[${value.replaceAll(']', '')}]'`,
    (value) => `q'~${value.replaceAll('~', '')}~'`,
  ],
};

beforeAll(() => loadModule());

const SECRET = 'Zs3cr3tZ';

/** Possible surroundings of a secret in a literal: quotes, escapes and comments. */
const noise = fc.string({
  unit: fc.constantFrom(...`'"\\\`$[]{}()-#/*~;,.: \n\rqQeEnNaA19é`),
  maxLength: 12,
});

describe('values are never recorded', () => {
  test.each(SYSTEMS)('%s: no value in a literal, whatever surrounds it', (system) => {
    const literal = fc
      .tuple(noise, noise, fc.constantFrom(...quotings[system]))
      .map(([before, after, quote]) => quote(`${before}${SECRET}${after}`));
    const fragment = fc.constantFrom(
      'SELECT a FROM t WHERE b =',
      'AND c IN (',
      ')',
      '/* a comment */',
      '-- to the end\n',
      ', "name",',
      '+ 12 -',
      'OR d LIKE',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(literal, fragment), { maxLength: 8 }), (parts) => {
        const { text, summary } = readSql(parts.join(' '), system);
        expect(text).not.toContain(SECRET);
        expect(summary ?? '').not.toContain(SECRET);
      }),
      { numRuns: 400 },
    );
  });

  test.each(SYSTEMS)('%s: no value of a statement that was cut anywhere', (system) => {
    fc.assert(
      fc.property(noise, fc.constantFrom(...quotings[system]), fc.nat(), (around, quote, at) => {
        const literal = quote(`${around}${SECRET}${around}${SECRET}`);
        const sql = `SELECT a FROM t WHERE b = ${literal}`;
        // The text is cut inside its last literal, as by the length limit.
        const cut = sql.slice(0, sql.length - 1 - (at % (literal.length - 2)));
        expect(readSql(cut, system).text).not.toContain(SECRET);
      }),
      { numRuns: 300 },
    );
  });

  test.each(SYSTEMS)('%s: no number', (system) => {
    fc.assert(
      fc.property(fc.integer({ min: 70_000 }), fc.constantFrom('', '-', '+', '(', '@', '.'), (id, before) => {
        expect(readSql(`SELECT * FROM t WHERE a = ${before}${id}`, system).text).not.toContain(String(id));
      }),
    );
  });

  test("PostgreSQL's own scanner finds no text in the rest", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "'",
        "''",
        `"a'b"`,
        '$$',
        '$a$',
        "E'",
        '\\',
        '/*',
        '*/',
        '--',
        '\n',
        ' ',
        'Zs3cr3tZ',
        'x',
        ',',
        '::',
        '?',
        '1',
      ),
      fc.constantFrom(
        "'it''s'",
        "E'a\\'b'",
        '$q$ a $q$',
        '/* /* */ */',
        "U&'d'",
        '-- x\n',
        '->>',
        '@>',
        '$1',
        "B'1'",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const sql = pieces.join('');
        const texts = textsOf(sql);
        // What the scanner refuses is not a statement.
        fc.pre(texts !== undefined);
        const rest = readSql(sql, 'postgresql').text;
        for (const text of texts) expect([sql, rest]).toEqual([sql, expect.not.stringContaining(text)]);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["/*!40101 SET NAMES 's3cr3t' */", 'SET NAMES ?'],
    ["SELECT /*!50110 SQL_NO_CACHE */ 's3cr3t'", 'SELECT  SQL_NO_CACHE  ?'],
    ["SELECT /*M!100100 1, */ 's3cr3t'", 'SELECT  ?,  ?'],
    ["SELECT /*! 'a */ 's3cr3t' /* ' */", 'SELECT  ?'],
    ["SELECT /*! /*! 's3cr3t' */ 's3cr3t' */ 's3cr3t'", 'SELECT  ?'],
    ["SELECT /*! 1 -- */ 's3cr3t'\n, 's3cr3t' */", 'SELECT  ? ?'],
    ["SELECT /*! unfinished 's3cr3t", 'SELECT  unfinished ?'],
  ])('MySQL: the part of a comment that the server reads: %s', (sql, text) => {
    expect(readSql(sql, 'mysql').text).toBe(text);
  });

  test('any statement can be read', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.constantFrom(...SYSTEMS),
        (sql, system) => {
          expect(readSql(sql, system).text.length).toBeLessThanOrEqual(4096);
        },
      ),
    );
  });
});

/** The texts in a statement that are long enough to be found again; `undefined` if it can't be scanned. */
function textsOf(sql: string): string[] | undefined {
  try {
    return scanSync(sql)
      .tokens.filter(({ tokenName }) => tokenName === 'SCONST')
      .map(({ text }) => text)
      .filter((text) => text.length > 3);
  } catch {
    return undefined;
  }
}

describe('hostile statements', () => {
  test('a statement of a megabyte takes no more time than one of the longest text that is read', () => {
    for (const system of SYSTEMS) {
      const long = `SELECT '${'s3cr3t '.repeat(150_000)}' FROM songs`;
      const { text } = readSql(long, system);
      expect(text).toBe('SELECT ?');
    }
  });

  /** The steps of a regular expression can't be counted: reading the longest text must simply finish. */
  test.each([
    "'",
    '"',
    '`',
    '$',
    '$a$',
    '$a',
    '[',
    '(',
    '/*',
    '*/',
    '--',
    '\\',
    "E'",
    "E'\\",
    "q'",
    '1',
    '1e',
    '.',
    'a.',
    'FROM ',
    'FROM a,',
    "'a'\n",
    "E'a'\n",
    'x',
  ])('%j repeated is read in linear time', (piece) => {
    for (const system of SYSTEMS) {
      const { text } = readSql(piece.repeat(Math.ceil(8192 / piece.length)), system);
      expect(text.length).toBeLessThanOrEqual(4096);
    }
  });
});
