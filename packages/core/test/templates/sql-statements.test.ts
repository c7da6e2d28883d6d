// What is read from statements of three dialects. Expectations are in the table, and no code under test creates one.
import { readSql } from '../../src/templates/sql.ts';
import { OWN_ROWS } from './sql-own-statements.ts';
import { LITERALS, QUOTES, ROWS } from './sql-statements.ts';

interface Case {
  readonly sql: string;
  readonly text: string;
  readonly operation: string;
  readonly collection: string | undefined;
  readonly summary: string;
}

/** A row with a literal of the dialect at each mark: the next one of its list each time. */
function casesOf(system: string): Case[] {
  const literals = LITERALS[system] ?? [];
  const quote = QUOTES[system] ?? String;
  let next = 0;
  return [...ROWS, ...(OWN_ROWS[system] ?? [])].map(([template, operation, collection, summary]) => {
    const named = template.replaceAll(/<(\w+)>/g, (_, name: string) => quote(name));
    const sql = named.replaceAll('¤', () => literals[next++ % literals.length] ?? '');
    return { sql, text: named.replaceAll('¤', '?').trim(), operation, collection, summary };
  });
}

/** Each literal in several places. */
function literalCases(system: string): Case[] {
  const contexts = (LITERALS[system] ?? []).flatMap((literal) =>
    ['SELECT ¤', 'SELECT id FROM songs WHERE a=¤ AND b IN (¤,¤)', 'INSERT INTO songs VALUES (¤, ¤)'].map(
      (template) => [template, literal] as const,
    ),
  );
  return contexts.map(([template, literal]) => {
    const operation = template.slice(0, 6);
    const collection = template === 'SELECT ¤' ? undefined : 'songs';
    const summary = collection === undefined ? operation : `${operation} songs`;
    const sql = template.replaceAll('¤', () => literal);
    return { sql, text: template.replaceAll('¤', '?'), operation, collection, summary };
  });
}

const all = Object.keys(LITERALS).map(
  (system) => [system, [...casesOf(system), ...literalCases(system)]] as const,
);

test('there are at least 400 statements', () => {
  expect(
    new Set(all.flatMap(([system, cases]) => cases.map(({ sql }) => system + sql))).size,
  ).toBeGreaterThan(400);
});

describe.each(all)('%s', (system, cases) => {
  test.each(cases)('$sql', ({ sql, ...expected }) => {
    expect(readSql(sql, system)).toEqual(expected);
  });

  test.each(cases)('in the middle of comments: $sql', ({ sql, summary }) => {
    const reading = readSql(`/* s3cr3t */ ${sql} -- s3cr3t`, system);
    expect(reading.summary).toBe(summary);
    expect(reading.text).not.toMatch(/s3cr3t|4711/);
  });
});
