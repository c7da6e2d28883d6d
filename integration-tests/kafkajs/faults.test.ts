import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import type { EachMessagePayload } from 'kafkajs';
import { startKcat } from '../services/kafka.ts';
import { startKafkaBroker } from '../services/kafka-broker.ts';
import { apis, newest, oldest } from './apis.ts';
import { named, newClient, newTopic } from './traced.ts';

const recorder = recordSpans();
const RETRY = { retries: 1, initialRetryTime: 10 };
const COUNT = 40;

// kafkajs 2.0.0 blocks the process while no broker can be reached: https://github.com/tulios/kafkajs/pull/1402
describe.each(apis.filter((each) => each !== oldest))('$name', (api) => {
  test('a broker that is killed between messages: each call and each handler is one span, and none stays open', async () => {
    const broker = await startKcat();
    const client = newClient(api, broker.brokers, {}, { retry: RETRY, connectionTimeout: 1000 });
    const topic = newTopic();
    let handled = 0;
    const eachMessage = async () => {
      handled++;
      await new Promise(setImmediate);
    };
    // A consumer that crashes while it disconnects would otherwise start again, and keep the process alive.
    const retry = { ...RETRY, restartOnFailure: async () => false };
    await client.consume([topic], { eachMessage }, { retry });
    const producer = await client.producer();
    const outcomes: PromiseSettledResult<unknown>[] = [];
    for (let count = 0; count < COUNT; count++) {
      if (count === COUNT / 2) await broker.stop();
      const messages = [{ value: `${count}` }];
      outcomes.push(...(await Promise.allSettled([producer.send({ topic, messages })])));
    }
    await client.disconnect();
    const failures = outcomes.filter(({ status }) => status === 'rejected').length;
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThan(COUNT);
    const spans = await recorder.take(COUNT + handled);
    const sent = named(spans, `send ${topic}`);
    expect(sent).toHaveLength(COUNT);
    expect(sent.filter(({ status }) => status.code === SpanStatusCode.ERROR)).toHaveLength(failures);
    expect(named(spans, `process ${topic}`)).toHaveLength(handled);
  }, 120_000);
});

describe.each([oldest, newest])('$name', (api) => {
  test('while consumers join and leave a group, each call of a handler is one span in the trace of its message', async () => {
    const broker = await startKafkaBroker();
    const client = newClient(api, broker.brokers);
    const [topic, groupId] = [newTopic(), newTopic()];
    const values = new Set<string>();
    let handled = 0;
    const all = Promise.withResolvers<void>();
    const eachMessage = async ({ message, heartbeat }: EachMessagePayload) => {
      handled++;
      values.add(String(message.value));
      if (values.size === COUNT) all.resolve();
      await heartbeat();
    };
    const options = { groupId, heartbeatInterval: 10, sessionTimeout: 6000, retry: RETRY };
    await client.consume([topic], { eachMessage }, options);
    const producer = await client.producer();
    const send = async (from: number) => {
      for (let count = from; count < from + COUNT / 4; count++)
        await producer.send({ topic, messages: [{ value: `${count}`, partition: count % 4 }] });
    };
    await send(0);
    const [second] = await Promise.all([client.consume([topic], { eachMessage }, options), send(COUNT / 4)]);
    await send(COUNT / 2);
    await Promise.all([second.disconnect(), send((COUNT / 4) * 3)]);
    await all.promise;
    await client.disconnect();
    await broker.stop();
    const spans = await recorder.take(COUNT + handled);
    const ids = new Set(named(spans, `send ${topic}`).map(({ spanId }) => spanId));
    expect(ids.size).toBe(COUNT);
    const processed = named(spans, `process ${topic}`);
    expect(processed).toHaveLength(handled);
    expect(new Set(processed.map(({ parentSpanId }) => parentSpanId))).toEqual(ids);
  });
});
