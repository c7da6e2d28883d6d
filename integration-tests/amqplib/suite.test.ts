import { AmqplibInstrumentation, messageContext } from '@clew/instrumentation-amqplib';
import { messagingSuite, rpcSuite } from '@clew/testing';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message } from './apis.ts';
import { body } from './traced.ts';

let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

for (const api of apis) {
  const instrument = (options = {}) => {
    const instrumentation = new AmqplibInstrumentation(options);
    instrumentation.instrument(api.module);
    return instrumentation;
  };
  messagingSuite({
    name: api.name,
    system: 'rabbitmq',
    functions: () => [api.module.connect],
    // All properties must fit into a frame, and the headers into amqplib's buffer of 64 KiB.
    longestHeader: (api.name.includes('0.10.0') ? 4096 : 65_536) - 100,
    contextOf: ({ original }) => messageContext(original as Message),
    instrument,
    async open() {
      const connection = await api.connect(broker.url);
      const channel = await connection.channel();
      const queue = await channel.queue('clew.suite');
      return {
        send: (headers) => channel.raw.sendToQueue(queue, body, { headers }),
        async consume(handler) {
          await channel.consume(queue, (message) => {
            if (message === null) return undefined;
            const result = handler({ headers: message.properties.headers, original: message });
            channel.raw.ack(message);
            return result;
          });
        },
        close: () => connection.close(),
      };
    },
    openBatches: 'amqplib delivers messages one by one',
    async openSettling() {
      const connection = await api.connect(broker.url);
      const channel = await connection.channel();
      const queue = await channel.queue('clew.suite');
      return {
        send: () => channel.raw.sendToQueue(queue, body, {}),
        async consume(handler) {
          await channel.consume(queue, (message) => {
            if (message === null) return;
            const accept = () => channel.raw.ack(message);
            handler({ accept, refuse: () => channel.raw.nack(message) });
          });
        },
        close: () => connection.close(),
      };
    },
  });

  rpcSuite({
    name: api.name,
    system: 'amqp',
    instrument,
    async open() {
      const connection = await api.connect(broker.url);
      const [client, server] = [await connection.channel(), await connection.channel()];
      const queue = await server.queue('clew.suite.calls');
      const replyTo = await client.queue('clew.suite.replies');
      const waiting = new Map<string, (reply: unknown) => void>();
      await client.consume(replyTo, (reply) => waiting.get(reply?.properties.correlationId ?? '')?.(reply), {
        noAck: true,
      });
      return {
        async serve(handler) {
          const onRequest = (message: Message | null) => {
            if (message === null) return undefined;
            const { replyTo: to = '', correlationId } = message.properties;
            return handler({ reply: () => server.raw.sendToQueue(to, body, { correlationId }) });
          };
          await server.consume(queue, onRequest, { noAck: true });
        },
        call: () =>
          new Promise((resolve) => {
            const correlationId = String(waiting.size);
            waiting.set(correlationId, resolve);
            client.raw.sendToQueue(queue, body, { replyTo, correlationId });
          }),
        close: () => connection.close(),
      };
    },
  });
}
