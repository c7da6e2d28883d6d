import { AmqplibInstrumentation, messageContext } from '@clew/instrumentation-amqplib';
import { messagingSuite } from '@clew/testing';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message } from './apis.ts';
import { body } from './traced.ts';

let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

for (const api of apis) {
  messagingSuite({
    name: api.name,
    system: 'rabbitmq',
    functions: () => [api.module.connect],
    // All properties must fit into a frame, and the table into amqplib's buffer of 64 KiB.
    longestHeader: (api.name.includes('0.10.0') ? 4096 : 65_536) - 100,
    contextOf: ({ original }) => messageContext(original as Message),
    instrument(options = {}) {
      const instrumentation = new AmqplibInstrumentation(options);
      instrumentation.instrument(api.module);
      return instrumentation;
    },
    async open() {
      const connection = await api.connect(broker.url);
      const channel = await connection.channel();
      const queue = await channel.queue('clew.suite');
      return {
        send: (headers) => channel.raw.sendToQueue(queue, body, { headers }),
        async consume(handler) {
          await channel.consume(queue, (message) => {
            if (message === null) return;
            handler({ headers: message.properties.headers, original: message });
            channel.raw.ack(message);
          });
        },
        close: () => connection.close(),
      };
    },
  });
}
