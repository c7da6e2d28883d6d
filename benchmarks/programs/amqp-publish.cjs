// A message that is published, consumed and acknowledged, with one consumer.
const { connect } = require('amqplib');

exports.start = async () => {
  const connection = await connect(process.env.BENCH_AMQP_URL, { noDelay: true });
  const [publisher, consumer] = [await connection.createChannel(), await connection.createChannel()];
  const { queue } = await publisher.assertQueue('', { exclusive: true });
  const content = Buffer.from(JSON.stringify({ order: 42, items: ['a', 'b', 'c'] }));
  const waiting = [];
  await consumer.consume(queue, (message) => {
    consumer.ack(message);
    waiting.shift()();
  });
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      publisher.sendToQueue(queue, content);
    });
};
