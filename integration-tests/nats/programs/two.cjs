// A message, a request and a message of JetStream with nats 2; NATS_URL is the server.
const { connect } = require('nats');
const { exchange } = require('./exchange.cjs');

(async () => {
  const connection = await connect({ servers: process.env.NATS_URL });
  await exchange(connection, connection.jetstream(), await connection.jetstreamManager());
})();
