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
  // The least of several readings: spans that wait for their export do not count, and they are exported after a while.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 8; round++) {
    await nextTurns();
    gc();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
};

/**
 * Bytes that are in use after each run of `work`, once V8 has compiled its code: the median of three growths, because a
 * leak is in each of them, and V8 compiles something or frees it in one.
 */
async function bytesEach(times, work) {
  for (let time = 0; time < 2 * times; time++) await work();
  const sizes = [await heap()];
  for (let round = 0; round < 3; round++) {
    for (let time = 0; time < times; time++) await work();
    sizes.push(await heap());
  }
  const growths = sizes.slice(1).map((size, round) => (size - sizes[round]) / times);
  return growths.sort((a, b) => a - b)[1];
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
