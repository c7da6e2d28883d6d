// A client of knex for node:sqlite, based on its dialect for better-sqlite3.
const BetterSqlite3 = require('knex/lib/dialects/better-sqlite3');
const { DatabaseSync } = require('node:sqlite');

module.exports = class NodeSqlite extends BetterSqlite3 {
  _driver() {
    return DatabaseSync;
  }

  async acquireRawConnection() {
    return new DatabaseSync(':memory:');
  }

  async _query(connection, query) {
    query.response = connection.prepare(query.sql).all(...(query.bindings ?? []));
    return query;
  }

  processResponse(query) {
    return query.response;
  }
};
