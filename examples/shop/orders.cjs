// The shop's orders: a CommonJS service with amqplib that replies to calls over AMQP, and publishes an event for
// each order.
const amqp = require('amqplib');

const CALLS = 'orders';
const EVENTS = 'shop.events';

async function start() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(CALLS, { durable: false, autoDelete: true });
  await channel.assertExchange(EVENTS, 'topic', { durable: false, autoDelete: true });
  await channel.prefetch(10);

  await channel.consume(CALLS, async (message) => {
    if (message === null) return;
    const { replyTo, correlationId } = message.properties;
    const reply = await place(channel, JSON.parse(message.content.toString()));
    channel.sendToQueue(replyTo, Buffer.from(JSON.stringify(reply)), { correlationId });
    channel.ack(message);
  });
  console.log(`orders listens on ${CALLS}`);
}

async function place(channel, order) {
  if (!(order.pieces > 0)) return { error: 'an order has at least one piece' };
  const event = { ...order, at: new Date().toISOString() };
  channel.publish(EVENTS, 'order.placed', Buffer.from(JSON.stringify(event)));
  await channel.waitForConfirms();
  return { placed: true, pieces: order.pieces };
}

start();
