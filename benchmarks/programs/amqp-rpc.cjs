// Calls over RabbitMQ, client and server in one process, replies by direct reply-to.
const { connect } = require('amqplib');

exports.start = async () => {
  const connection = await connect(process.env.BENCH_AMQP_URL, { noDelay: true });
  const [client, server] = [await connection.createChannel(), await connection.createChannel()];
  const { queue } = await server.assertQueue('', { exclusive: true });
  const request = Buffer.from(JSON.stringify({ id: 42 }));
  const response = Buffer.from(JSON.stringify({ id: 42, total: 10 }));
  const waiting = new Map();
  await server.consume(queue, async (message) => {
    await undefined;
    const { replyTo, correlationId } = message.properties;
    server.sendToQueue(replyTo, response, { correlationId });
    server.ack(message);
  });
  const replyTo = 'amq.rabbitmq.reply-to';
  const onReply = ({ properties: { correlationId } }) => {
    waiting.get(correlationId)();
    waiting.delete(correlationId);
  };
  await client.consume(replyTo, onReply, { noAck: true });
  let id = 0;
  return () =>
    new Promise((resolve) => {
      const correlationId = String(++id);
      waiting.set(correlationId, resolve);
      client.sendToQueue(queue, request, { replyTo, correlationId });
    });
};
