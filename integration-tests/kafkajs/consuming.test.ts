import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EachMessagePayload } from 'kafkajs';
import { apis } from './apis.ts';
import {
  activeSpanId,
  brokerOfTests,
  type Client,
  named,
  newTopic,
  SoldOut,
  send,
  traced,
} from './traced.ts';

const broker = brokerOfTests();
const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  const run = (work: (client: Client) => Promise<void>, options: object = {}) =>
    traced(api, broker().brokers, work, options);

  test('a delivery: topic, partition, offset and group', () =>
    run(async (client) => {
      const [producer, topic, groupId] = [await client.producer(), newTopic(), newTopic()];
      await send(producer, topic, '1');
      const handled = Promise.withResolvers<string>();
      const eachMessage = async ({ message }: EachMessagePayload) => handled.resolve(String(message.value));
      await client.consume([topic], { eachMessage }, { groupId });
      expect(await handled.promise).toBe('1');
      const spans = await recorder.take(2);
      const [span] = named(spans, `process ${topic}`);
      expect(span?.kind).toBe(SpanKind.CONSUMER);
      expect(span?.attributes).toEqual({
        'messaging.system': 'kafka',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': '0',
        'messaging.consumer.group.name': groupId,
        'messaging.kafka.offset': 0,
      });
    }));

  test('a consumer that is started within a request: its deliveries belong to their own traces', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      client.instrumentation.disable();
      await send(producer, topic, '1');
      client.instrumentation.enable();
      const handled = Promise.withResolvers<void>();
      const caller = callerSpan();
      await within(caller, () => client.consume([topic], { eachMessage: async () => handled.resolve() }));
      await handled.promise;
      caller.end();
      const spans = await recorder.take(2);
      expect(named(spans, `process ${topic}`)[0]?.parentSpanId).toBeUndefined();
    }));

  test('100 messages at once: each handler keeps its own trace', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      const seen: boolean[] = [];
      const all = Promise.withResolvers<void>();
      const eachMessage = async ({ message, heartbeat }: EachMessagePayload) => {
        const before = activeSpanId();
        await heartbeat();
        await new Promise(setImmediate);
        const sent = String(message.headers?.traceparent).split('-')[1];
        const trace_ = trace.getActiveSpan()?.spanContext().traceId;
        seen.push(before === activeSpanId() && sent === trace_);
        if (seen.length === 100) all.resolve();
      };
      await client.consume([topic], { eachMessage, partitionsConsumedConcurrently: 4 });
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          producer.send({ topic, messages: [{ value: `${index}`, partition: index % 4 }] }),
        ),
      );
      await all.promise;
      expect(seen).toEqual(Array.from({ length: 100 }, () => true));
      const spans = await recorder.take(200);
      const consumers = named(spans, `process ${topic}`);
      const producers = new Set(named(spans, `send ${topic}`).map(({ spanId }) => spanId));
      expect(new Set(consumers.map(({ parentSpanId }) => parentSpanId))).toEqual(producers);
    }));

  test('kafkajs delivers a message again when its handler fails: each attempt is a span', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1');
      let attempts = 0;
      const done = Promise.withResolvers<void>();
      const eachMessage = async () => {
        if (++attempts < 3) throw new SoldOut();
        done.resolve();
      };
      await client.consume([topic], { eachMessage }, { retry: { initialRetryTime: 1 } });
      await done.promise;
      const spans = await recorder.take(4);
      const [sent] = named(spans, `send ${topic}`);
      const consumers = named(spans, `process ${topic}`);
      expect(consumers.map(({ attributes }) => attributes['error.type'])).toEqual([
        'SoldOut',
        'SoldOut',
        undefined,
      ]);
      for (const { parentSpanId } of consumers) expect(parentSpanId).toBe(sent?.spanId);
    }));

  test('a consumer that crashes and starts again: each attempt is a span, and the error reaches the application', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1');
      let attempts = 0;
      const done = Promise.withResolvers<void>();
      const eachMessage = async () => {
        if (++attempts < 3) throw new SoldOut();
        done.resolve();
      };
      const retry = { retries: 0, initialRetryTime: 1 };
      const consumer = await client.consume([topic], { eachMessage }, { retry });
      const crashes: (string | undefined)[] = [];
      consumer.on('consumer.crash', ({ payload }) => void crashes.push(payload.error.message));
      await done.promise;
      const spans = await recorder.take(4);
      expect(named(spans, `process ${topic}`)).toHaveLength(3);
      expect(crashes).not.toContain(undefined);
    }));

  test('pause, seek and commits behave as without the plugin; a failed commit is a span', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1', '2', '3');
      const values: string[] = [];
      const done = Promise.withResolvers<void>();
      const eachMessage = async ({ message, partition }: EachMessagePayload) => {
        values.push(String(message.value));
        if (values.length === 1) {
          consumer.pause([{ topic }]);
          setImmediate(() => consumer.resume([{ topic }]));
        }
        await consumer.commitOffsets([{ topic, partition, offset: `${Number(message.offset) + 1}` }]);
        if (values.length === 3) consumer.seek({ topic, partition, offset: '1' });
        if (values.length === 5) done.resolve();
      };
      const consumer = client.kafka.consumer({ groupId: newTopic(), maxWaitTimeInMs: 50 });
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({ eachMessage, autoCommit: false });
      await done.promise;
      await expect(consumer.commitOffsets([{ topic, partition: 0, offset: '-5' }])).rejects.toThrow(
        'negative',
      );
      await consumer.disconnect();
      expect(values).toEqual(['1', '2', '3', '2', '3']);
      const spans = await recorder.take(7);
      const [failed] = named(spans, `commit ${topic}`);
      expect(failed).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.ERROR } });
    }));

  test('an application can run handlers of a class, which are called as without the plugin', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1');
      const done = Promise.withResolvers<string>();
      class Handlers {
        partitionsConsumedConcurrently = 2;
        async eachMessage({ message }: EachMessagePayload): Promise<void> {
          done.resolve(String(message.value));
        }
      }
      await client.consume([topic], Object.freeze(new Handlers()));
      expect(await done.promise).toBe('1');
      await recorder.take(2);
    }));

  test('with links instead of parents, a delivery starts a trace', () =>
    run(
      async (client) => {
        const [producer, topic] = [await client.producer(), newTopic()];
        await send(producer, topic, '1');
        const done = Promise.withResolvers<void>();
        await client.consume([topic], { eachMessage: async () => done.resolve() });
        await done.promise;
        const [sent, span] = await recorder.take(2);
        expect(span?.traceId).not.toBe(sent?.traceId);
        expect(span?.links.map((link) => link.context.spanId)).toEqual([sent?.spanId]);
      },
      { useLinksForConsume: true },
    ));

  test('headers that contain no context are dropped', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      client.instrumentation.disable();
      const bad = [
        { traceparent: '00-zz-1-01' },
        { traceparent: Buffer.from([0xff, 0xfe, 0x00]) },
        { traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'x'] },
        { traceparent: '', baggage: '=;=,' },
      ];
      const messages = bad.map((headers) => ({ value: '1', partition: 0, headers }));
      await producer.send({ topic, messages });
      client.instrumentation.enable();
      let count = 0;
      const done = Promise.withResolvers<void>();
      const eachMessage = async () => {
        if (++count === bad.length) done.resolve();
      };
      await client.consume([topic], { eachMessage });
      await done.promise;
      for (const span of await recorder.take(bad.length)) {
        expect(span.parentSpanId).toBeUndefined();
        expect(span.links).toEqual([]);
      }
    }));
});
