import amqp from 'amqplib';

const REPLIES = 'amq.rabbitmq.reply-to';

/**
 * Calls the orders service over AMQP: sends a message with `replyTo` and `correlationId`, and waits for the reply.
 */
export async function connectOrders(url) {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const waiting = new Map();
  await channel.consume(
    REPLIES,
    (message) => {
      const { correlationId } = message.properties;
      waiting.get(correlationId)?.(JSON.parse(message.content.toString()));
      waiting.delete(correlationId);
    },
    { noAck: true },
  );

  return function placeOrder(order) {
    const correlationId = crypto.randomUUID();
    return new Promise((resolve) => {
      waiting.set(correlationId, resolve);
      const content = Buffer.from(JSON.stringify(order));
      channel.sendToQueue('orders', content, { replyTo: REPLIES, correlationId, expiration: 5000 });
    });
  };
}
