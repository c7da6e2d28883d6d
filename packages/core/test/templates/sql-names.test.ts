// A second opinion: the tables of statements as PostgreSQL's own parser and a parser of MySQL find them.
import fc from 'fast-check';
import { loadModule, parseSync } from 'libpg-query';
import { Parser } from 'node-sql-parser';
import { readSql } from '../../src/templates/sql.ts';
import { statement } from './sql-grammar.ts';
import { OWN_ROWS } from './sql-own-statements.ts';
import { ROWS } from './sql-statements.ts';

const mysql = new Parser();
beforeAll(() => loadModule());

/** The tables that PostgreSQL's parser finds, without common tables. */
function postgresTables(sql: string): string[] {
  const tables = new Set<string>();
  const common = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'CommonTableExpr') common.add(value.ctename);
      if (key === 'RangeVar' || ((key === 'relation' || key === 'view' || key === 'rel') && value?.relname))
        tables.add([value.schemaname, value.relname].filter(Boolean).join('.'));
      visit(value);
    }
  };
  visit(parseSync(sql));
  return [...tables].filter((name) => !common.has(name)).sort();
}

/** `undefined` if the parser does not know the syntax. */
function mysqlTables(sql: string): string[] | undefined {
  try {
    const names = mysql.parse(sql, { database: 'mysql' }).tableList.map((entry) => {
      const [, schema, table] = entry.split('::');
      return schema === 'null' ? table : `${schema}.${table}`;
    });
    return [...new Set(names as string[])].filter((name) => name !== 'cte').sort();
  } catch {
    return undefined;
  }
}

/** The tables in a summary: names in the tests are in lower case, and operations in upper case. */
function readTables(sql: string, system: string): string[] {
  const words = readSql(sql, system).summary?.split(' ') ?? [];
  return [...new Set(words.filter((word) => word !== word.toUpperCase()))].sort();
}

/** The statements of the table with names of PostgreSQL, and with texts, or with numbers where it wants those. */
function postgresStatements(): string[] {
  return [...ROWS, ...(OWN_ROWS.postgresql ?? [])].map(([template]) => {
    const named = template.replaceAll(/<(\w+)>/g, '"$1"');
    const [text, number] = ["'s3cr3t'", '4711'].map((literal) => named.replaceAll('¤', literal));
    return text !== undefined && isAccepted(text) ? text : (number ?? '');
  });
}

function isAccepted(sql: string): boolean {
  try {
    parseSync(sql);
    return true;
  } catch {
    return false;
  }
}

/** Longer statements have more parts than a summary. */
const short = statement.filter((sql) => (sql.match(/SELECT|FROM|JOIN|,/g)?.length ?? 0) <= 12);

describe('PostgreSQL', () => {
  // Statements about users and cursors have no tables here, a procedure is not a table, and the parser lists what is
  // dropped in another form.
  const except = /^(?:GRANT|REVOKE|DECLARE|DROP|CALL)/;

  test('finds the same tables in the statements of the table, but a few', () => {
    const statements = postgresStatements().filter((sql) => !except.test(sql));
    expect(statements.length).toBeGreaterThan(100);
    for (const sql of statements)
      expect([sql, readTables(sql, 'postgresql')]).toEqual([sql, postgresTables(sql)]);
  });

  test('finds the same tables in random statements', () => {
    fc.assert(
      fc.property(short, (sql) => {
        expect(readTables(sql, 'postgresql')).toEqual(postgresTables(sql));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a parser of MySQL', () => {
  test('finds the same tables in the random statements that it accepts', () => {
    let compared = 0;
    fc.assert(
      fc.property(short, (sql) => {
        const tables = mysqlTables(sql);
        if (tables === undefined) return;
        compared++;
        expect(readTables(sql, 'mysql')).toEqual(tables);
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
