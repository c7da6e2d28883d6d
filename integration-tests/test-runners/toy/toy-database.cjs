// A database library small enough to read: SQLite behind a connection that runs one statement at a time.
const { DatabaseSync } = require('node:sqlite');

class Connection {
  #database = new DatabaseSync(':memory:');

  send(sql, values, callback) {
    setImmediate(() => {
      let rows;
      try {
        rows = this.#database.prepare(sql).all(...values);
      } catch (error) {
        callback(error);
        return;
      }
      callback(null, rows);
    });
  }

  close() {
    this.#database.close();
  }
}

module.exports = { Connection };
