// Replace: remove this folder, and install the library that you trace. This is a database driver with callbacks and
// promises. It supports only the SQL of the suite: it stores the names of tables, and no rows.

const TABLE = /\b(?:FROM|INTO|TABLE(?: IF EXISTS)?) (\w+)/;

class Connection {
  #tables = new Set();
  #waiting = [];

  /** Runs one statement after those that wait; then calls `callback(error, rows)`. */
  send(sql, values, callback) {
    const isIdle = this.#waiting.push({ sql, values, callback }) === 1;
    if (isIdle) setImmediate(() => this.#runNext());
  }

  query(sql, values = []) {
    return new Promise((resolve, reject) => {
      this.send(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  }

  #runNext() {
    const [{ sql, values, callback }] = this.#waiting;
    const table = TABLE.exec(sql)?.[1];
    if (sql.startsWith('CREATE TABLE')) this.#tables.add(table);
    const isUnknown = table !== undefined && !sql.startsWith('DROP TABLE') && !this.#tables.has(table);
    if (sql.startsWith('DROP TABLE')) this.#tables.delete(table);
    this.#waiting.shift();
    if (this.#waiting.length > 0) setImmediate(() => this.#runNext());
    if (isUnknown) callback(new Error(`no such table: ${table}`));
    else callback(null, sql.startsWith('INSERT') ? [values] : []);
  }
}

module.exports = { Connection };
