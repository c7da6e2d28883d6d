// The queries of knex.cjs on a driver without a database, whose own work varies by more than tracing costs. It answers
// in the next turn of the event loop, as a socket would: exporters get their turn too.
const knex = require('knex');
const clientOf = require('./knex-client.cjs');

exports.start = async () => {
  const version = { rows: [{ version: 'PostgreSQL 17.0' }] };
  const order = { rows: [{ id: 1, account: 'account-0', total: 0 }] };
  const answer = (text) => (text.includes('version()') ? version : order);
  const client = clientOf((text) => new Promise((resolve) => setImmediate(resolve, answer(text))));
  const db = knex({ client, connection: {}, pool: { min: 4, max: 4 } });
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await db('orders').where({ id }).first('id', 'account', 'total');
  };
};
