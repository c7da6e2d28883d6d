// Queries through a pool of pg, on a PostgreSQL server.
const { Pool } = require('pg');

exports.start = async () => {
  const pool = new Pool({ connectionString: process.env.BENCH_SERVICE_URL, max: 4 });
  await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT 1')));
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await pool.query('SELECT oid, relname FROM pg_class WHERE oid = $1', [id]);
  };
};
