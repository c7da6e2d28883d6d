// A handler whose promise is rejected, and nobody is there: Node's own rule is to end the process.
const { connect } = require('amqplib');

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  await channel.assertQueue('clew.rejects', { exclusive: true });
  await channel.consume('clew.rejects', async () => {
    throw new RangeError('nobody handles this');
  });
  channel.sendToQueue('clew.rejects', Buffer.from('1'));
})();
