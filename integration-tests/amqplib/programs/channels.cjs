// Opens and closes many channels and connections, and writes how many bytes of the heap are in use after each one.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { connect } = require('amqplib');

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const CHANNELS = 300;
const QUEUES = 200;
const CONNECTIONS = 30;
const url = process.env.AMQP_URL;
const nextTurns = () => new Promise((resolve) => setTimeout(resolve, 30));
const heap = async () => {
  // Spans that wait for their export do not count: they are exported after a while.
  for (let round = 0; round < 4; round++) {
    await nextTurns();
    gc();
  }
  return process.memoryUsage().heapUsed;
};

/** Bytes that are in use after each run of `work`, once V8 has compiled its code. */
async function bytesEach(times, work) {
  for (let time = 0; time < 3 * times; time++) await work();
  const before = await heap();
  for (let time = 0; time < times; time++) await work();
  return ((await heap()) - before) / times;
}

(async () => {
  const connection = await connect(url, { noDelay: true });
  const channel = await bytesEach(CHANNELS, async () => {
    await (await connection.createChannel()).close();
  });
  let count = 0;
  const messages = await bytesEach(QUEUES, async () => {
    const used = await connection.createConfirmChannel();
    // Few names, because the plugin caches its actions by name, up to a bound.
    const { queue } = await used.assertQueue(`clew.memory.${++count % 10}`, { exclusive: true });
    const delivered = new Promise((resolve) => {
      used.consume(queue, (message) => {
        if (message === null) return;
        used.ack(message);
        resolve();
      });
    });
    used.sendToQueue(queue, Buffer.from('1'));
    await Promise.all([delivered, used.waitForConfirms()]);
    await used.deleteQueue(queue);
    await used.close();
  });
  const client = await connection.createChannel();
  const replyQueue = await bytesEach(QUEUES, async () => {
    const { queue } = await client.assertQueue('', { exclusive: true });
    const { consumerTag } = await client.consume(queue, () => {}, { noAck: true });
    await client.cancel(consumerTag);
    await client.deleteQueue(queue);
  });
  const deletedQueue = await bytesEach(QUEUES, async () => {
    const { queue } = await client.assertQueue('', { exclusive: true });
    await client.consume(queue, () => {}, { noAck: true });
    await client.deleteQueue(queue);
  });
  const connected = await bytesEach(CONNECTIONS, async () => {
    const another = await connect(url, { noDelay: true });
    await (await another.createChannel()).close();
    await another.close();
  });
  await connection.close();
  process.stdout.write(JSON.stringify({ channel, messages, replyQueue, deletedQueue, connected }));
})();
