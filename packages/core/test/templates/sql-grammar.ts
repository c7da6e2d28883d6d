// Random statements that PostgreSQL and MySQL both accept.
import fc from 'fast-check';

const name = fc.constantFrom('songs', 'artists', 'labels', 'shop.plays', 'albums');
const column = fc.constantFrom('id', 'title', 'a.year', 'b.made_at');
const value = fc.constantFrom("'it''s'", '42', '1.5e3', "'-- no'", "'/* no'", 'NULL');
const alias = fc.constantFrom('', ' a', ' AS b');

const { query } = fc.letrec<{ query: string; condition: string; source: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(column, value).map(([left, right]) => `${left} = ${right}`),
    fc.tuple(column, tie('query')).map(([left, inner]) => `${left} IN (${inner})`),
    tie('query').map((inner) => `EXISTS (${inner})`),
    fc.tuple(tie('condition'), tie('condition')).map((both) => both.join(' AND ')),
    fc.tuple(tie('condition'), tie('condition')).map(([left, right]) => `(${left} OR NOT ${right})`),
  ),
  source: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(name, alias).map((parts) => parts.join('')),
    tie('query').map((inner) => `(${inner}) AS q`),
    fc
      .tuple(tie('source'), name, tie('condition'))
      .map(([left, right, on]) => `${left} JOIN ${right} c ON ${on}`),
    fc.tuple(tie('source'), name).map(([left, right]) => `${left} LEFT JOIN ${right} USING (id)`),
    fc.tuple(tie('source'), tie('source')).map((both) => both.join(', ')),
  ),
  query: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(
        fc.constantFrom('*', 'id, title', 'count(*)', "COALESCE(title, 'x, y')"),
        tie('source'),
        tie('condition'),
      )
      .map(([what, from, where]) => `SELECT ${what} FROM ${from} WHERE ${where}`),
    fc
      .tuple(tie('source'), fc.constantFrom('id', 'title, year'))
      .map(([from, by]) => `SELECT id FROM ${from} GROUP BY ${by} ORDER BY ${by} LIMIT 5`),
    fc.tuple(tie('query'), tie('source')).map(([left, from]) => `SELECT (${left}) AS one, id FROM ${from}`),
  ),
}));

const unioned = fc
  .tuple(query, fc.constantFrom('UNION', 'UNION ALL'), query)
  .map(([left, how, right]) => `(${left}) ${how} (${right})`);
const common = fc
  .tuple(query, query)
  .map(
    ([defined, main]) =>
      `WITH cte AS (${defined}) ${main.replace(/ WHERE | GROUP /, (end) => `, cte${end}`)}`,
  );
const insert = fc.oneof(
  fc
    .tuple(name, value)
    .map(([into, one]) => `INSERT INTO ${into} (id, title) VALUES (${one}, 2), (3, ${one})`),
  fc.tuple(name, query).map(([into, from]) => `INSERT INTO ${into} (id) ${from}`),
);
const change = fc.oneof(
  fc
    .tuple(name, value, query)
    .map(([table, one, inner]) => `UPDATE ${table} SET title = ${one} WHERE id IN (${inner})`),
  fc.tuple(name, query).map(([table, inner]) => `DELETE FROM ${table} WHERE id IN (${inner})`),
);

/** A random statement. */
export const statement = fc.oneof(query, unioned, common, insert, change);
