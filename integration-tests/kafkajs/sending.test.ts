import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Message, ProducerRecord } from 'kafkajs';
import { apis } from './apis.ts';
import { brokerOfTests, type Client, named, newTopic, traced } from './traced.ts';

const UNKNOWN_TOPIC = 3;
const MESSAGE_TOO_LARGE = 10;

const broker = brokerOfTests();
const recorder = recordSpans();

/** Consumes the messages of topics without tracing them; resolves with the first `count`. */
async function delivered(client: Client, topics: readonly string[], count: number): Promise<Message[]> {
  client.instrumentation.disable();
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: Message }) => {
      if (messages.push(message) === count) resolve();
    };
    client.consume(topics, { eachMessage }).catch(reject);
  });
  return messages;
}

const traceparentOf = ({ headers }: Message) => String(headers?.traceparent);

describe.each(apis)('$name', (api) => {
  const run = (work: (client: Client) => Promise<void>, options: object = {}) =>
    traced(api, broker().brokers, work, options);

  test('a message: topic, partition, offset, and what is only known of it', () =>
    run(
      async (client) => {
        const [producer, topic] = [await client.producer(), newTopic()];
        await producer.send({ topic, messages: [{ key: 'ada', value: null, partition: 2 }] });
        const [span] = await recorder.take(1);
        expect(span).toMatchObject({ kind: SpanKind.PRODUCER, name: `send ${topic}` });
        expect(span?.attributes).toEqual({
          'messaging.system': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': topic,
          'messaging.destination.partition.id': '2',
          'messaging.kafka.message.key': 'ada',
          'messaging.kafka.message.tombstone': true,
          'messaging.kafka.offset': 0,
          'messaging.message.body.size': 0,
        });
      },
      { messageKey: true, messageBodySize: true },
    ));

  test('several messages of a topic are one span, and the key of a message is not recorded by default', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      const messages = ['1', '2', '3'].map((value) => ({ key: 'key of Ada', value, partition: 1 }));
      await producer.send({ topic, messages });
      await producer.send({ topic, messages: [{ key: 'key of Ada', value: '4' }], acks: 0 });
      const [many, unacknowledged] = await recorder.take(2);
      expect(many?.attributes).toMatchObject({
        'messaging.batch.message_count': 3,
        'messaging.destination.partition.id': '1',
      });
      expect(many?.attributes).not.toHaveProperty('messaging.kafka.offset');
      expect(unacknowledged?.attributes).not.toHaveProperty('messaging.kafka.offset');
      expect(JSON.stringify([many, unacknowledged])).not.toContain('Ada');
      const sent = await delivered(client, [topic], 4);
      const ids = sent.map((message) => traceparentOf(message).split('-')[2]);
      expect(ids.sort()).toEqual([many, many, many, unacknowledged].map((span) => span?.spanId).sort());
    }));

  test('sendBatch has a span for each topic; each message has the context of its topic', () =>
    run(async (client) => {
      const [producer, one, two] = [await client.producer(), newTopic(), newTopic()];
      const topicMessages = [
        { topic: one, messages: [{ value: '1' }] },
        { topic: two, messages: [{ value: '2' }, { value: '2' }] },
        { topic: one, messages: [{ value: '1' }] },
        { topic: newTopic(), messages: [] },
      ];
      const copy = structuredClone(topicMessages);
      const metadata = await producer.sendBatch({ topicMessages });
      expect(new Set(metadata.map(({ topicName }) => topicName))).toEqual(new Set([one, two]));
      expect(topicMessages).toEqual(copy);
      const spans = await recorder.take(2);
      const [first] = named(spans, `send ${one}`);
      const [second] = named(spans, `send ${two}`);
      for (const each of [first, second]) expect(each?.attributes['messaging.batch.message_count']).toBe(2);
      for (const message of await delivered(client, [one, two], 4)) {
        const span = String(message.value) === '1' ? first : second;
        expect(traceparentOf(message)).toBe(`00-${span?.traceId}-${span?.spanId}-01`);
      }
    }));

  test('frozen records and messages, those of a class, and their own headers', () =>
    run(async (client) => {
      const topic = newTopic();
      class Order {
        #id = '7';
        readonly headers = Object.freeze({ own: 'kept', list: ['a', Buffer.from('b')] });
        get value(): string {
          return this.#id;
        }
        partitionFor(): number {
          return 3;
        }
      }
      const partitioned: number[] = [];
      const producer = client.kafka.producer({
        createPartitioner:
          () =>
          ({ message }) => {
            const partition = (message as Message & Partial<Order>).partitionFor?.() ?? 0;
            partitioned.push(partition);
            return partition;
          },
      });
      await producer.connect();
      const frozen = Object.freeze({ value: '1', headers: Object.freeze({ own: 'kept' }) });
      const order = new Order();
      const record = Object.freeze({ topic, messages: Object.freeze([frozen, order]) });
      await producer.send(record as unknown as ProducerRecord);
      await producer.disconnect();
      expect(partitioned).toEqual([0, 3]);
      expect(Object.keys(order.headers)).toEqual(['own', 'list']);
      const sent = await delivered(client, [topic], 2);
      for (const { headers } of sent) expect(String(headers?.own)).toBe('kept');
      expect(sent.flatMap(({ headers }) => headers?.list ?? []).map(String)).toEqual(['a', 'b']);
      const [span] = await recorder.take(1);
      expect(new Set(sent.map(traceparentOf))).toEqual(new Set([`00-${span?.traceId}-${span?.spanId}-01`]));
    }));

  test('an unsampled message has no span, and a context', () =>
    run(async (client) => {
      recorder.sampling = 'none';
      const [producer, topic] = [await client.producer(), newTopic()];
      await producer.send({ topic, messages: [{ value: '1' }] });
      const [message] = await delivered(client, [topic], 1);
      expect(traceparentOf(message!)).toMatch(/-00$/);
      await recorder.take(0);
      expect(recorder.wastedCalls).toBe(0);
    }));

  test('the refusal of a broker, after the retries of kafkajs, names the error of the protocol', () =>
    run(async (client) => {
      const producer = client.kafka.producer({ retry: { retries: 1, initialRetryTime: 1 } });
      await producer.connect();
      const record = { topic: newTopic(), messages: [{ value: '1' }] };
      broker().failNext(MESSAGE_TOO_LARGE);
      await expect(producer.send(record)).rejects.toThrow('larger than the max');
      broker().failNext(UNKNOWN_TOPIC, UNKNOWN_TOPIC);
      await expect(producer.send(record)).rejects.toThrow('does not host this topic-partition');
      broker().failNext(UNKNOWN_TOPIC);
      await producer.send(record);
      await producer.disconnect();
      const spans = await recorder.take(3);
      expect(spans.map(({ attributes, status }) => [attributes['error.type'], status.code])).toEqual([
        ['MESSAGE_TOO_LARGE', SpanStatusCode.ERROR],
        ['UNKNOWN_TOPIC_OR_PARTITION', SpanStatusCode.ERROR],
        [undefined, SpanStatusCode.UNSET],
      ]);
    }));

  test('what kafkajs refuses is refused in the same way, and its content is not recorded', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      const refused = [
        [{ topic, messages: [{ key: 'ada' }] }, 'Invalid message without value'],
        [{ topic: '', messages: [{ value: '1' }] }, 'Invalid topic'],
        [{ topic }, 'Invalid messages array'],
        [{ topic, messages: [null] }, 'null'],
        [undefined, 'undefined'],
      ] as const;
      for (const [record, message] of refused) {
        await expect(producer.send(record as unknown as ProducerRecord)).rejects.toThrow(message);
        await expect(producer.sendBatch({ topicMessages: [record] } as never)).rejects.toThrow();
      }
      await expect(producer.sendBatch(undefined as never)).rejects.toThrow();
      await recorder.take(0);
    }));

  test('the messages of a transaction, and the failure of its end', () =>
    run(async (client) => {
      const topic = newTopic();
      const options = { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 };
      const producer = client.kafka.producer(options);
      await producer.connect();
      const aborted = await producer.transaction();
      await aborted.send({ topic, messages: [{ value: 'aborted' }] });
      await aborted.abort();
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: '1' }] });
      await transaction.sendBatch({ topicMessages: [{ topic, messages: [{ value: '2' }] }] });
      await transaction.commit();
      await expect(transaction.commit()).rejects.toThrow('once ended');
      await producer.disconnect();
      const spans = await recorder.take(4);
      expect(named(spans, `send ${topic}`)).toHaveLength(3);
      const [failed] = named(spans, 'commit_transaction');
      expect(failed).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.ERROR } });
      const sent = await delivered(client, [topic], 2);
      expect(sent.map(({ value }) => String(value)).sort()).toEqual(['1', '2']);
    }));

  test('an ignored topic has no span, and the messages have the context of the caller; topics with templates', () => {
    const [ignored, user] = [newTopic(), `${newTopic()}.ada`];
    const options = { ignore: [ignored], destinationTemplates: [user.replace('ada', '{name}')] };
    return run(async (client) => {
      const producer = await client.producer();
      const topicMessages = [ignored, user].map((topic) => ({ topic, messages: [{ value: '1' }] }));
      await producer.sendBatch({ topicMessages });
      const [span] = await recorder.take(1);
      expect(span?.name).toBe(`send ${user.replace('ada', '{name}')}`);
      expect(span?.attributes['messaging.destination.name']).toBe(user);
      const [message] = await delivered(client, [ignored], 1);
      expect(message?.headers).toEqual({});
    }, options);
  });
});
