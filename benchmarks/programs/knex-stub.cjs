// The queries of knex.cjs with a driver without a database, whose own duration varies by more than tracing costs.
// Results arrive in the next turn of the event loop, as from a socket, so that exporters can run, too.
const knex = require('knex');
const clientOf = require('./knex-client.cjs');

exports.start = async () => {
  const version = { rows: [{ version: 'PostgreSQL 17.0' }] };
  const order = { rows: [{ id: 1, account: 'account-0', total: 0 }] };
  const resultOf = (text) => (text.includes('version()') ? version : order);
  const client = clientOf((text) => new Promise((resolve) => setImmediate(resolve, resultOf(text))));
  const db = knex({ client, connection: {}, pool: { min: 4, max: 4 } });
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await db('orders').where({ id }).first('id', 'account', 'total');
  };
};
