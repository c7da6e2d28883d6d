// The time to read a statement that was never read before, and one that is cached. Each round has its own literals.
import { readSql } from '../packages/core/src/templates/sql.ts';

const ROUNDS = Number(process.argv[2] ?? 20_000);

const statements = {
  short: (id) => `SELECT * FROM songs WHERE id = ${id}`,
  insert: (id) =>
    `INSERT INTO "songs" ("id", "title", "year") VALUES (${id}, 'it''s a song', 2026) RETURNING "id"`,
  join: (id) =>
    `SELECT s.id, s.title, a.name FROM songs s JOIN artists a ON a.id = s.artist_id LEFT JOIN labels l ON l.id = s.label_id ` +
    `WHERE s.id = ${id} AND a.name LIKE 'A%' AND s.deleted_at IS NULL ORDER BY s.title, a.name LIMIT 20 OFFSET 40`,
};

for (const [name, make] of Object.entries(statements)) {
  for (let id = 0; id < ROUNDS; id++) readSql(make(id), 'postgresql');
  const fresh = perCall((id) => readSql(make(ROUNDS + id), 'postgresql'));
  const text = make(1);
  const cached = perCall(() => readSql(text, 'postgresql'));
  console.log(
    `${name}: ${text.length} characters, new ${fresh.toFixed(2)} µs, cached ${cached.toFixed(3)} µs`,
  );
}

function perCall(call) {
  const start = performance.now();
  for (let id = 0; id < ROUNDS; id++) call(id);
  return ((performance.now() - start) * 1000) / ROUNDS;
}
