// The process ends while deliveries and calls are open. The first argument is the way in which it ends.
const { connect } = require('amqplib');

const handlers = {
  'waits in a handler': () => {
    process.stdout.write('ready\n');
    return new Promise(() => {});
  },
  'exits in a handler': () => process.exit(3),
  'throws later in a handler': () => {
    setTimeout(() => {
      throw new TypeError('on purpose');
    });
    return new Promise(() => {});
  },
  'throws in a handler': () => {
    throw new TypeError('on purpose');
  },
  'exits just after its handler': (channel, message) => {
    channel.ack(message);
    queueMicrotask(() => process.exit(3));
  },
  'waits for a reply': (channel, message) => {
    channel.ack(message);
    setImmediate(() => process.stdout.write('ready\n'));
  },
};

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const [channel, consumer] = [await connection.createChannel(), await connection.createChannel()];
  const { queue } = await channel.assertQueue('', { exclusive: true });
  // Not exclusive: the broker may not have noticed yet that the process of the last test has ended.
  await channel.assertQueue('clew.next', { durable: true, expires: 60_000 });
  await consumer.consume(queue, (message) => {
    consumer.sendToQueue('clew.next', message.content);
    return handlers[process.argv[2]](consumer, message);
  });
  const replyTo = 'amq.rabbitmq.reply-to';
  await channel.consume(replyTo, () => {}, { noAck: true });
  channel.sendToQueue(queue, Buffer.from('1'), { replyTo, correlationId: '1', type: 'work' });
})();
