// A small database library: a connection that runs statements with node:sqlite and calls back.
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
