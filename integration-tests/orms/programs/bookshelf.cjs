const bookshelf = require('bookshelf');
const knex = require('knex');

exports.open = async ({ driver, url, size }) => {
  const db = knex({ client: driver, connection: url, pool: { min: 0, max: size } });
  const shelf = bookshelf(db);
  const Song = shelf.model('Song', { tableName: 'songs' });
  const Nothing = shelf.model('Nothing', { tableName: 'nothing' });
  const songs = (transacting) => ({
    find: async (id) => (await Song.where({ id }).fetchAll({ transacting })).toJSON(),
    insert: async (id) =>
      void (await new Song({ id, title: 'one' }).save(null, { method: 'insert', transacting })),
  });
  return {
    ...songs(),
    missing: () => Nothing.fetchAll(),
    transaction: async (work) => void (await shelf.transaction((transacting) => work(songs(transacting)))),
    close: () => db.destroy(),
  };
};
