// The shared suite, with `node --test`: Jest can't load the library, an ES module. KAFKA_BROKERS are the brokers.
import { messageContext, PlatformaticKafkaInstrumentation } from '@clew/instrumentation-platformatic-kafka';
import { messagingSuite } from '@clew/testing';
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const bootstrapBrokers = process.env.KAFKA_BROKERS.split(',');
let count = 0;

messagingSuite({
  name: '@platformatic/kafka',
  system: 'kafka',
  functions: 'it listens to a channel',
  longestHeader: 'the limit is a setting of the topic',
  contextOf: ({ original }) => messageContext(original),
  instrument: (options) => {
    const instrumentation = new PlatformaticKafkaInstrumentation(options);
    instrumentation.enable();
    return instrumentation;
  },
  openSettling: 'the library commits offsets, and does not settle messages',
  openBatches: 'the library delivers messages one by one',
  async open() {
    const topic = `${process.env.TOPIC}-${++count}`;
    const base = { clientId: 'suite', bootstrapBrokers };
    const producer = new Producer({ ...base, serializers: stringSerializers });
    const consumer = new Consumer({ ...base, groupId: topic, deserializers: stringDeserializers });
    const all = [];
    let stream;
    return {
      send(headers) {
        const sent = producer.send({ messages: [{ topic, value: '{}', ...(headers && { headers }) }] });
        all.push(sent);
        return sent;
      },
      async consume(handler) {
        stream = await consumer.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100 });
        stream.on('data', (message) =>
          handler({ headers: Object.fromEntries(message.headers), original: message }),
        );
      },
      async close() {
        // The suite does not wait for the acknowledgement of each message.
        await Promise.allSettled(all);
        await stream?.close();
        await consumer.close();
        await producer.close();
      },
    };
  },
});
