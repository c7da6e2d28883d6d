// Makes many calls at once, and then replies to them. Writes the heap's size during the calls and after them.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { connect } = require('amqplib');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const CALLS = 10_000;
const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
const heap = async () => {
  // The least of several readings: spans that wait for their export do not count, and they are exported after a while.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round++) {
    await settled();
    gc();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
};

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const [client, server] = [await connection.createChannel(), await connection.createChannel()];
  const { queue } = await server.assertQueue('', { exclusive: true });
  let [requests, replies] = [0, 0];
  let onAll;
  const onReply = () => {
    if (++replies % CALLS === 0) onAll();
  };
  await client.consume('amq.rabbitmq.reply-to', onReply, { noAck: true });
  const content = Buffer.from('1');
  // Requests stay in the queue until they are consumed, so that this process keeps only their ids.
  const start = async (round) => {
    for (let id = 0; id < CALLS; id++) {
      const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId: `${round}.${id}` };
      if (!client.sendToQueue(queue, content, options))
        await new Promise((resolve) => client.once('drain', resolve));
    }
    while ((await server.checkQueue(queue)).messageCount < CALLS) await settled();
  };
  const reply = () =>
    new Promise((resolve) => {
      onAll = resolve;
      const tag = `replies ${replies}`;
      const onRequest = ({ properties: { replyTo, correlationId } }) => {
        server.sendToQueue(replyTo, content, { correlationId });
        if (++requests % CALLS === 0) void server.cancel(tag);
      };
      void server.consume(queue, onRequest, { noAck: true, consumerTag: tag });
    });
  // The first rounds warm up.
  for (const round of [0, 1]) {
    await start(round);
    await reply();
    await heap();
  }
  const before = await heap();
  await start(2);
  const during = await heap();
  await reply();
  await heap();
  await start(3);
  await reply();
  const after = await heap();
  process.stdout.write(
    JSON.stringify({ during: (during - before) / CALLS, after: (after - before) / (2 * CALLS) }),
  );
  await connection.close();
})();
