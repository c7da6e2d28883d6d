const knex = require('knex');
const { Model } = require('objection');

exports.open = async ({ driver, url, size }) => {
  const db = knex({ client: driver, connection: url, pool: { min: 0, max: size } });
  class Song extends Model {
    static tableName = 'songs';
  }
  class Nothing extends Model {
    static tableName = 'nothing';
  }
  const songs = (builder) => ({
    find: async (id) => Song.query(builder).where({ id }),
    insert: async (id) => void (await Song.query(builder).insert({ id, title: 'one' })),
  });
  return {
    ...songs(db),
    missing: async () => Nothing.query(db).findById(1),
    transaction: async (work) => void (await Song.transaction(db, (trx) => work(songs(trx)))),
    close: () => db.destroy(),
  };
};
