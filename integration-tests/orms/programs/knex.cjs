const knex = require('knex');

exports.open = async ({ driver, url, size }) => {
  const db = knex({ client: driver, connection: url, pool: { min: 0, max: size } });
  const songs = (builder) => ({
    find: async (id) => builder('songs').where({ id }),
    insert: async (id) => void (await builder('songs').insert({ id, title: 'one' })),
  });
  return {
    ...songs(db),
    missing: async () => db('nothing'),
    transaction: async (work) => void (await db.transaction((trx) => work(songs(trx)))),
    close: () => db.destroy(),
  };
};
