// Sends messages in all ways, and consumes them with a listener and in a loop. KAFKA_BROKERS are the brokers.
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const bootstrapBrokers = process.env.KAFKA_BROKERS.split(',');
const [orders, audit] = [`${process.env.TOPIC}.orders`, `${process.env.TOPIC}.audit`];
const base = { clientId: 'orders', bootstrapBrokers };
const producer = new Producer({ ...base, serializers: stringSerializers });
const order = Object.freeze({
  topic: orders,
  key: 'ada',
  value: '1',
  headers: Object.freeze({ own: 'kept' }),
});
const { offsets } = await producer.send({ messages: [order] });
console.log(offsets.map(({ topic, offset }) => `${topic} ${offset}`));
console.log(Object.keys(order.headers));
class Sale {
  headers = { own: 'kept' };
  get topic() {
    return orders;
  }
  get value() {
    return '2';
  }
  get key() {
    return 'ada';
  }
}
const messages = [{ topic: audit, value: 'start', headers: new Map([['own', 'kept']]) }, new Sale()];
await new Promise((resolve) => {
  const returned = producer.send({ messages }, (error, result) =>
    resolve(console.log(error, Object.keys(result))),
  );
  console.log(returned);
});
await producer.send({ messages: [{ value: 1 }] }).catch((error) => console.log(error.message));

const consumer = new Consumer({ ...base, groupId: orders, deserializers: stringDeserializers });
const options = { mode: 'earliest', maxWaitTime: 100 };
const stream = await consumer.consume({ topics: [orders], ...options });
let count = 0;
for await (const { value, headers } of stream) {
  console.log(value, headers.get('own'));
  if (++count === 2) break;
}
await stream.close();

const audits = await consumer.consume({ topics: [audit], ...options });
await new Promise((resolve) => {
  audits.on('data', async ({ value, headers }) => {
    console.log(value, headers.get('own'));
    await producer.send({ messages: [{ topic: `${process.env.TOPIC}.done`, value: '2' }] });
    resolve();
  });
});
await audits.close();
await consumer.close();
await producer.close();
