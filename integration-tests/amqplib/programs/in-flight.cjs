// Many calls in flight at once, half of them answered, then the rest. Writes what the heap holds meanwhile and after.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { connect } = require('amqplib');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const CALLS = 10_000;
const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
const heap = async () => {
  // What is exported meanwhile does not count: it has gone after a while.
  for (let round = 0; round < 4; round++) {
    await settled();
    gc();
  }
  return process.memoryUsage().heapUsed;
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
  // Only the ids are kept: requests are fetched again when they are answered.
  const start = async (round) => {
    for (let id = 0; id < CALLS; id++) {
      const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId: `${round}.${id}` };
      if (!client.sendToQueue(queue, content, options))
        await new Promise((resolve) => client.once('drain', resolve));
    }
    while ((await server.checkQueue(queue)).messageCount < CALLS) await settled();
  };
  const answer = () =>
    new Promise((resolve) => {
      onAll = resolve;
      const tag = `answers ${replies}`;
      const onRequest = ({ properties: { replyTo, correlationId } }) => {
        server.sendToQueue(replyTo, content, { correlationId });
        if (++requests % CALLS === 0) void server.cancel(tag);
      };
      void server.consume(queue, onRequest, { noAck: true, consumerTag: tag });
    });
  // The first rounds warm up.
  for (const round of [0, 1]) {
    await start(round);
    await answer();
    await heap();
  }
  const before = await heap();
  await start(2);
  const during = await heap();
  await answer();
  await heap();
  await start(3);
  await answer();
  const after = await heap();
  process.stdout.write(
    JSON.stringify({ during: (during - before) / CALLS, after: (after - before) / (2 * CALLS) }),
  );
  await connection.close();
})();
