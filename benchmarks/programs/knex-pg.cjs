// Queries that knex builds and pg sends to a PostgreSQL server.
const knex = require('knex');

exports.start = async () => {
  const db = knex({ client: 'pg', connection: process.env.BENCH_SERVICE_URL, pool: { min: 4, max: 4 } });
  await Promise.all(Array.from({ length: 4 }, () => db.raw('SELECT 1')));
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await db('pg_class').where({ oid: id }).first('oid', 'relname');
  };
};
