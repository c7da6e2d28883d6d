/** Sends a message, makes a request, and publishes and consumes a message of JetStream, under the name `PREFIX`. */
exports.exchange = async (connection, js, manager) => {
  const prefix = process.env.PREFIX;
  const audited = new Promise((resolve) => {
    connection.subscribe(`${prefix}.audit`, { callback: resolve });
  });
  connection.subscribe(`${prefix}.total`, { callback: (_error, message) => message.respond('42') });
  connection.publish(`${prefix}.audit`, '1');
  await audited;
  await connection.request(`${prefix}.total`, '2', { timeout: 5000 });
  const stream = `${prefix}-stream`;
  await manager.streams.add({ name: stream, subjects: [`${prefix}.stored`], storage: 'memory' });
  await manager.consumers.add(stream, { durable_name: 'worker', ack_policy: 'explicit' });
  await js.publish(`${prefix}.stored`, '3');
  const consumer = await js.consumers.get(stream, 'worker');
  await new Promise((resolve) => {
    const messages = consumer.consume({
      callback: async (message) => {
        message.ack();
        await (await messages).close();
        resolve();
      },
    });
  });
  await manager.streams.delete(stream);
  await connection.close();
};
