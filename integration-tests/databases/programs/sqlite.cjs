// What an application sees of both libraries. With the argument `fatal`, an error ends it.
const { DatabaseSync } = require('node:sqlite');
const Database = require('better-sqlite3');

const print = (...values) => console.log(...values);
const attempt = (work) => {
  try {
    print(work());
  } catch (error) {
    print(error.name, error.code, error.errcode, error.message);
  }
};

function use(db) {
  attempt(() => typeof db.exec('CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT)'));
  const insert = db.prepare('INSERT INTO songs VALUES (?, ?)');
  for (const values of [
    [1, 'one'],
    [2, 'two'],
    [1, 'again'],
    [{}, {}],
  ])
    attempt(() => insert.run(...values));
  const select = db.prepare('SELECT id, title FROM songs');
  attempt(() => select.get());
  attempt(() => select.all());
  attempt(() => Array.from(select.iterate()));
  attempt(() => Object.prototype.toString.call(select.iterate()));
  for (const wrong of ['SELEC 1', 'SELECT 1 FROM missing', undefined]) {
    attempt(() => typeof db.prepare(wrong));
    attempt(() => typeof db.exec(wrong));
  }
  // Node 22.15 has no `location`, and crashes when it collects a statement without text.
  if (db !== memory || 'location' in DatabaseSync.prototype) attempt(() => typeof db.prepare(''));
  attempt(() => typeof db.exec(''));
}

process.on('exit', (code) => print('exit', code));
const [memory, other] = [new DatabaseSync(':memory:'), new Database(':memory:')];
for (const db of [memory, other]) use(db);
if (process.argv[2] === 'fatal') memory.exec('SELECT 1 FROM missing');
