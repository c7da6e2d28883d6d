const { DataTypes, Sequelize } = require('sequelize');

exports.open = async ({ url, size }) => {
  const db = new Sequelize(url, { logging: false, pool: { max: size, acquire: 60_000 } });
  const attributes = { id: { type: DataTypes.INTEGER, primaryKey: true }, title: DataTypes.TEXT };
  const Songs = db.define('song', attributes, { tableName: 'songs', timestamps: false });
  const songs = (transaction) => ({
    find: (id) => Songs.findAll({ where: { id }, raw: true, transaction }),
    insert: async (id) => void (await Songs.create({ id, title: 'one' }, { transaction })),
  });
  return {
    ...songs(),
    missing: () => db.query('SELECT * FROM nothing'),
    transaction: async (work) => void (await db.transaction((transaction) => work(songs(transaction)))),
    close: () => db.close(),
  };
};
