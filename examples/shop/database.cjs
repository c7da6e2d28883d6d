const knex = require('knex');
const ClientPGlite = require('knex-pglite');

/** PostgreSQL if `DATABASE_URL` is set; otherwise PGlite: PostgreSQL inside this process, in memory. */
exports.connect = function connect(url = process.env.DATABASE_URL) {
  const database = url
    ? knex({ client: 'pg', connection: url })
    : knex({ client: ClientPGlite, dialect: 'postgres', connection: {} });
  database.ready = fill(database);
  return database;
};

async function fill(database) {
  await database.schema.dropTableIfExists('stock');
  await database.schema.dropTableIfExists('products');
  await database.schema.createTable('products', (table) => {
    table.integer('id').primary();
    table.text('name').notNullable();
    table.integer('price_cents').notNullable();
  });
  await database.schema.createTable('stock', (table) => {
    table.integer('product_id').primary();
    table.integer('pieces').notNullable();
  });
  await database('products').insert([
    { id: 7, name: 'Ball of thread', price_cents: 350 },
    { id: 13, name: 'Labyrinth, unsolved', price_cents: 99_900 },
    { id: 42, name: 'Wax wings', price_cents: 12_000 },
  ]);
  await database('stock').insert([
    { product_id: 7, pieces: 120 },
    { product_id: 42, pieces: 2 },
  ]);
}
