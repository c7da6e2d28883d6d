// A handler whose promise is rejected without a handler for the rejection: Node ends the process.
const { connect } = require('amqplib');

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  await channel.assertQueue('clew.rejects', { exclusive: true });
  await channel.consume('clew.rejects', async () => {
    throw new RangeError('not handled');
  });
  channel.sendToQueue('clew.rejects', Buffer.from('1'));
})();
