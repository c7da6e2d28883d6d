// A message, a request and a message of JetStream with @nats-io/*; NATS_URL is the server.
const { connect } = require('@nats-io/transport-node');
const { jetstream, jetstreamManager } = require('@nats-io/jetstream');
const { exchange } = require('./exchange.cjs');

(async () => {
  const connection = await connect({ servers: process.env.NATS_URL });
  await exchange(connection, jetstream(connection), await jetstreamManager(connection));
})();
