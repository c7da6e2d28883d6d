import { messageContext } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { context, propagation, trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message } from './apis.ts';
import { activeSpanId, body, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  test.each(['all', 'none'] as const)(
    'the context of a message is known after its handler, for batches (sampled: %s)',
    (sampling) =>
      traced(api, broker.url, {}, async (_connection, channel) => {
        recorder.sampling = sampling;
        const queue = await channel.queue('clew.batch');
        const batch: Message[] = [];
        await channel.consume(queue, (message) => {
          if (message !== null) batch.push(message);
        });
        for (const user of ['ada', 'eve']) {
          const baggage = propagation.createBaggage({ user: { value: user } });
          context.with(propagation.setBaggage(context.active(), baggage), () =>
            channel.raw.sendToQueue(queue, body),
          );
        }
        await until('both messages are delivered', () => batch.length === 2);
        const keys = batch.map((message) => Object.keys(message.fields));
        const contexts = batch.map(messageContext);
        channel.raw.ackAll();
        expect(contexts.map((each) => propagation.getBaggage(each)?.getEntry('user')?.value)).toEqual([
          'ada',
          'eve',
        ]);
        const inContexts = contexts.map((each) => trace.getSpanContext(each));
        const spans = await recorder.take(sampling === 'all' ? 4 : 0);
        const processed = spans.filter(({ name }) => name === 'process clew.batch');
        if (sampling === 'all')
          expect(inContexts.map((each) => each?.spanId)).toEqual(processed.map(({ spanId }) => spanId));
        else
          expect(inContexts.map((each) => each?.traceId)).toEqual(
            batch.map(({ properties }) => String(properties.headers.traceparent).slice(3, 35)),
          );
        for (const each of keys) expect(each).not.toContain('context');
      }),
  );

  test('listeners for returned messages run in the context of the publisher', () =>
    traced(api, broker.url, {}, async (connection, channel) => {
      const confirming = await connection.confirmChannel();
      for (const each of [channel, confirming]) {
        const active = new Promise((resolve) => each.raw.once('return', () => resolve(activeSpanId())));
        each.raw.publish('', 'clew.nowhere', body, { mandatory: true });
        const inListener = await active;
        await each.ask('checkExchange', 'amq.topic');
        const spans = await recorder.take(each === channel ? 2 : 1);
        expect(inListener).toBe(named(spans, 'publish clew.nowhere').spanId);
      }
    }));
});
