// The shop's notifier: an ES module with amqplib that receives an event for each order.
import { setTimeout as sleep } from 'node:timers/promises';
import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);
const channel = await connection.createChannel();
await channel.assertExchange('shop.events', 'topic', { durable: false, autoDelete: true });
const { queue } = await channel.assertQueue('', { exclusive: true });
await channel.bindQueue(queue, 'shop.events', 'order.*');

await channel.consume(queue, async (message) => {
  if (message === null) return;
  await sleep(5); // simulates sending an e-mail
  channel.ack(message);
});
console.log(`notifier listens on ${queue}`);
