// A server of oslo.messaging without tracing code: rpc-service.mjs with AMQP_URL and TOPIC. Each method queries its
// database. It prints a line when it is ready, and ends with its standard input.
import { DatabaseSync } from 'node:sqlite';
import { connect } from 'amqplib';

const { AMQP_URL, TOPIC } = process.env;
const database = new DatabaseSync(':memory:');
const connection = await connect(AMQP_URL);
const channel = await connection.createChannel();
await channel.assertExchange('openstack', 'topic', { durable: false });
await channel.assertQueue(TOPIC, { durable: false, autoDelete: true });
await channel.bindQueue(TOPIC, 'openstack', TOPIC);
await channel.consume(TOPIC, (message) => {
  const request = JSON.parse(JSON.parse(message.content)['oslo.message']);
  const { one } = database.prepare('SELECT 1 AS one').get();
  const { _msg_id, _reply_q } = request;
  const reply = { result: one, failure: null, ending: true, _msg_id, _unique_id: _msg_id };
  const body = { 'oslo.version': '2.0', 'oslo.message': JSON.stringify(reply) };
  channel.ack(message);
  const properties = { contentType: 'application/json', contentEncoding: 'utf-8' };
  channel.publish('', _reply_q, Buffer.from(JSON.stringify(body)), properties);
});
console.log('ready');
process.stdin.on('end', () => connection.close()).resume();
