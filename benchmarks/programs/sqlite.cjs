// Statements of node:sqlite, in memory. Each runs in a turn of its own, because spans are sent between turns.
const { setImmediate: nextTurn } = require('node:timers/promises');
const { DatabaseSync } = require('node:sqlite');

exports.start = async () => {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT)');
  const insert = db.prepare('INSERT INTO songs VALUES (?, ?)');
  for (let id = 1; id <= 100; id++) insert.run(id, 'Ariadne');
  const select = db.prepare('SELECT title FROM songs WHERE id = ?');
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    select.get(id);
    await nextTurn();
  };
};
