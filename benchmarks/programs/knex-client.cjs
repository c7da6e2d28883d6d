const PostgresClient = require('knex/lib/dialects/postgres/index.js');

/**
 * knex's own PostgreSQL client with another driver instead of `pg`.
 *
 * @param {(text: string, values?: unknown[]) => Promise<{ rows: unknown[], affectedRows?: number }>} run
 */
module.exports = function clientOf(run) {
  return class extends PostgresClient {
    _driver() {
      return {};
    }

    async _acquireOnlyConnection() {
      return {
        query(query, callback) {
          const { text, values } = typeof query === 'string' ? { text: query } : query;
          run(text, values).then((result) => callback(null, responseOf(text, result)), callback);
        },
        end: (callback) => callback(),
      };
    }
  };
};

function responseOf(text, { rows, affectedRows }) {
  return {
    rows,
    rowCount: affectedRows ?? rows.length,
    command: text.trimStart().split(' ', 1)[0].toUpperCase(),
  };
}
