import { KafkajsInstrumentation } from '@clew/instrumentation-kafkajs';
import type { RecordedSpan } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import type { Consumer, ConsumerRunConfig, Kafka, KafkaConfig, Producer } from 'kafkajs';
import { type KafkaBroker, startKafkaBroker } from '../services/kafka-broker.ts';
import type { Api } from './apis.ts';

/** A client of a test, whose producers and consumers are disconnected when the test is over. */
export interface Client {
  readonly kafka: Kafka;
  readonly instrumentation: InstanceType<typeof KafkajsInstrumentation>;
  producer(): Promise<Producer>;
  /** Starts a consumer in a group of its own, and waits until it has partitions. */
  consume(topics: readonly string[], config: ConsumerRunConfig, options?: object): Promise<Consumer>;
  disconnect(): Promise<void>;
}

let count = 0;

/** A topic, or a group, that no other test uses. */
export function newTopic(): string {
  return `clew.test-${process.pid.toString(36)}-${++count}`;
}

/** Clients of an API; `brokers` as in the environment variable. */
export function newClient(
  api: Api,
  brokers: string,
  options: object = {},
  config: Partial<KafkaConfig> = {},
): Client {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  const instrumentation = new KafkajsInstrumentation(options);
  api.instrument(instrumentation);
  const { Kafka: KafkaClass, logLevel } = api.exports;
  const kafka = new KafkaClass({ brokers: brokers.split(','), logLevel: logLevel.NOTHING, ...config });
  const opened: { disconnect(): Promise<void> }[] = [];
  return {
    kafka,
    instrumentation,
    async producer() {
      const producer = kafka.producer();
      await producer.connect();
      opened.push(producer);
      return producer;
    },
    async consume(topics, run, more = {}) {
      const consumer = kafka.consumer({ groupId: newTopic(), maxWaitTimeInMs: 100, ...more });
      opened.push(consumer);
      await consumer.connect();
      for (const topic of topics) await consumer.subscribe({ topic, fromBeginning: true });
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      await consumer.run(run);
      await joined;
      return consumer;
    },
    async disconnect() {
      for (const each of opened.splice(0)) await each.disconnect();
      instrumentation.disable();
    },
  };
}

/** Runs `work` with a traced client. */
export async function traced(
  api: Api,
  brokers: string,
  work: (client: Client) => Promise<void>,
  options: object = {},
): Promise<void> {
  const client = newClient(api, brokers, options);
  try {
    await work(client);
  } finally {
    await client.disconnect();
  }
}

/** The spans of a name. */
export function named(spans: readonly RecordedSpan[], name: string): RecordedSpan[] {
  return spans.filter((span) => span.name === name);
}

export const activeSpanId = () => trace.getActiveSpan()?.spanContext().spanId;

/** An error that kafkajs retries. It does not retry those of JavaScript itself. */
export class SoldOut extends Error {
  override name = 'SoldOut';
}

/** Sends messages with these values to one partition. */
export const send = (producer: Producer, topic: string, ...values: string[]) =>
  producer.send({ topic, messages: values.map((value) => ({ value, key: 'ada', partition: 0 })) });

/** A broker for the tests of one file. */
export function brokerOfTests(): () => KafkaBroker {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafkaBroker();
  });
  afterAll(() => broker.stop());
  return () => broker;
}
