const { connect } = require('amqp-connection-manager');

(async () => {
  const connection = connect([process.env.AMQP_URL]);
  let received;
  const done = new Promise((resolve) => {
    received = resolve;
  });
  const channel = connection.createChannel({
    json: true,
    setup: async (raw) => {
      await raw.assertQueue('clew.managed', { exclusive: true });
      await raw.consume('clew.managed', (message) => {
        raw.ack(message);
        received();
      });
    },
  });
  await channel.waitForConnect();
  await channel.sendToQueue('clew.managed', { order: 7 });
  await done;
  await channel.close();
  await connection.close();
})();
