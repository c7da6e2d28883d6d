const { DataSource, EntitySchema } = require('typeorm');

const Song = new EntitySchema({
  name: 'Song',
  tableName: 'songs',
  columns: { id: { type: 'int', primary: true }, title: { type: 'text' } },
});
const TYPES = { pg: 'postgres', mysql2: 'mysql' };

exports.open = async ({ driver, url, size }) => {
  const source = new DataSource({ type: TYPES[driver], url, poolSize: size, entities: [Song] });
  await source.initialize();
  const songs = (manager) => ({
    find: (id) => manager.findBy(Song, { id }),
    insert: async (id) => void (await manager.insert(Song, { id, title: 'one' })),
  });
  return {
    ...songs(source.manager),
    missing: () => source.query('SELECT * FROM nothing'),
    transaction: async (work) => void (await source.transaction((manager) => work(songs(manager)))),
    close: () => source.destroy(),
  };
};
