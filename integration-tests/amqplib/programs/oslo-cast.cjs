// A cast as oslo.messaging sends it. Writes the message that its consumer gets.
const { connect } = require('amqplib');

(async () => {
  const connection = await connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const delivered = new Promise((resolve) => channel.consume(queue, resolve, { noAck: true }));
  const message = JSON.stringify({ method: 'note', args: {}, _unique_id: 'u' });
  const body = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': message });
  channel.sendToQueue(queue, Buffer.from(body));
  const { content } = await delivered;
  process.stdout.write(JSON.parse(content)['oslo.message']);
  await connection.close();
})();
