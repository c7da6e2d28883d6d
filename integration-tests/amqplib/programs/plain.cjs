// A message, and a call with its reply, through the broker at AMQP_URL.
const { connect } = require('amqplib');

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const [channel, server] = [await connection.createConfirmChannel(), await connection.createChannel()];
  await server.assertQueue('clew.plain', { exclusive: true });
  await server.consume('clew.plain', async (message) => {
    const { replyTo, correlationId } = message.properties;
    if (replyTo) server.sendToQueue(replyTo, message.content, { correlationId });
    server.ack(message);
  });
  await new Promise((resolve, reject) => {
    channel.sendToQueue('clew.plain', Buffer.from('1'), {}, (error) => (error ? reject(error) : resolve()));
  });
  await new Promise((resolve) => {
    const replyTo = 'amq.rabbitmq.reply-to';
    channel.consume(replyTo, resolve, { noAck: true }).then(() => {
      channel.sendToQueue('clew.plain', Buffer.from('2'), { replyTo, correlationId: '2' });
    });
  });
  await connection.close();
})();
