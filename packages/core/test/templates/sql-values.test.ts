import fc from 'fast-check';
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

describe('hostile statements', () => {
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
