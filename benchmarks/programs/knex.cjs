// Queries built by knex and run by PGlite: PostgreSQL inside this process.
const { PGlite } = require('@electric-sql/pglite');
const knex = require('knex');
const clientOf = require('./knex-client.cjs');

exports.start = async () => {
  const pglite = await PGlite.create();
  const client = clientOf((text, values) => pglite.query(text, values));
  const db = knex({ client, connection: {}, pool: { min: 4, max: 4 } });
  await db.schema.createTable('orders', (table) => {
    table.increments('id');
    table.string('account');
    table.integer('total');
  });
  const rows = Array.from({ length: 100 }, (_, index) => ({ account: `account-${index}`, total: index }));
  await db('orders').insert(rows);
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await db('orders').where({ id }).first('id', 'account', 'total');
  };
};
