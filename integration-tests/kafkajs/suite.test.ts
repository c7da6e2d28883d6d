import { KafkajsInstrumentation, messageContext } from '@clew/instrumentation-kafkajs';
import { type MessagingAdapter, messagingSuite } from '@clew/testing';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { findKafka, type Kafka } from '../services/kafka.ts';
import { type Api, newest, oldest } from './apis.ts';
import { type Client, newClient, newTopic } from './traced.ts';

let broker: Kafka;
beforeAll(async () => {
  broker = await findKafka();
}, 120_000);
afterAll(() => broker.stop());

for (const api of [oldest, newest]) messagingSuite(adapterOf(api));

function adapterOf(api: Api): MessagingAdapter {
  return {
    name: api.name,
    system: 'kafka',
    functions: () => [api.exports.Kafka.prototype.producer, api.exports.Kafka.prototype.consumer],
    longestHeader: 'the limit is a setting of the topic',
    contextOf: ({ original }) => messageContext(original),
    instrument(options = {}) {
      const instrumentation = new KafkajsInstrumentation(options);
      api.instrument(instrumentation);
      return instrumentation;
    },
    async open() {
      const { client, topic, close } = openClient(api);
      const producer = await client.producer();
      return {
        send: (headers) =>
          producer.send({
            topic,
            messages: [{ value: '{}', ...(headers && { headers: headers as IHeaders }) }],
          }),
        async consume(handler) {
          await client.consume([topic], {
            // Several partitions at once: the messages of a partition are processed one by one.
            partitionsConsumedConcurrently: 4,
            eachMessage: async ({ message }) => {
              await handler({ headers: textsOf(message), original: message });
            },
          });
        },
        close,
      };
    },
    openSettling: 'kafkajs commits offsets, and does not settle messages',
    async openBatches() {
      const { client, topic, close } = openClient(api);
      const producer = await client.producer();
      let onSent = async () => {};
      return {
        async send() {
          await producer.send({ topic, messages: [{ value: '{}', partition: 0 }] });
          await onSent();
        },
        async consume(size, handler) {
          let sent = 0;
          // The consumer starts when all messages are there, and so gets them as one batch.
          onSent = async () => {
            if (++sent === size) await client.consume([topic], { eachBatch: async () => void handler() });
          };
        },
        close,
      };
    },
  };
}

function textsOf({ headers }: KafkaMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

function openClient(api: Api): { client: Client; topic: string; close(): Promise<void> } {
  // The suite's own instance of the plugin traces.
  const client = newClient(api, broker.brokers);
  client.instrumentation.disable();
  return { client, topic: newTopic(), close: () => client.disconnect() };
}
