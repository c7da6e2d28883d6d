import { once } from 'node:events';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Message, newest } from './apis.ts';
import { createClient } from './rpc-pair.ts';
import { body, delivered, outcomes, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test('a delivery that is not settled ends after consumeTimeoutMs; a later ack still reaches the broker', () =>
  traced(newest, broker.url, { consumeTimeoutMs: 40 }, async (_connection, channel) => {
    const queue = await channel.queue('clew.forgotten');
    const received = delivered(channel, queue, (message) => message);
    channel.raw.sendToQueue(queue, body);
    const message = await received;
    const [, process] = await recorder.take(2);
    expect(process).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'not settled within 40 ms' },
      attributes: { 'error.type': 'timeout' },
    });
    channel.raw.ack(message);
    expect(await channel.ask('checkQueue', queue)).toMatchObject({ messageCount: 0 });
  }));

test('prefetch 1 and slow handlers: the span of a delivery starts after the previous one has ended', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const queue = await channel.queue('clew.one-by-one');
    await channel.ask('prefetch', 1, false);
    let handled = 0;
    await channel.consume(queue, async (message: Message | null) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      handled++;
      channel.raw.ack(message!);
    });
    for (let count = 0; count < 4; count++) channel.raw.sendToQueue(queue, body);
    await until('all messages are handled', () => handled === 4);
    const spans = (await recorder.take(8)).filter(({ kind }) => kind === SpanKind.CONSUMER);
    for (const [index, span] of spans.entries())
      expect(span.startTimeMs).toBeGreaterThanOrEqual(spans[index - 1]?.endTimeMs ?? 0);
  }));

test('back-pressure: messages are marked while the write buffer is full, and the first of them ends with the drain event', () =>
  traced(newest, broker.url, {}, async (connection) => {
    const channel = await connection.channel({ highWaterMark: 2 });
    const queue = await channel.queue('clew.pressed');
    const drained = once(channel.raw, 'drain');
    const results = Array.from({ length: 4 }, () => channel.raw.sendToQueue(queue, Buffer.alloc(64)));
    expect(results).toContain(false);
    await drained;
    const spans = await recorder.take(4);
    expect(spans.map(({ attributes }) => attributes['clew.messaging.back_pressure'] !== true)).toEqual(
      results,
    );
    const waited = spans.filter(({ events }) => events.some(({ name }) => name === 'drain'));
    expect(waited).toEqual([spans[results.indexOf(false)]]);
  }));

test('a handler that throws: the error is recorded on the span, and amqplib emits it as without tracing', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const queue = await channel.queue('clew.throws');
    const error = new Promise((resolve) => channel.raw.once('error', resolve));
    await channel.consume(queue, () => {
      throw new RangeError('too much');
    });
    channel.raw.sendToQueue(queue, body);
    expect(await error).toEqual(new RangeError('too much'));
    const [, process] = await recorder.take(2);
    expect(process).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'too much' },
      attributes: { 'error.type': 'RangeError' },
    });
  }));

test('disable() ends open spans without an error', async () => {
  const instrumentation = new AmqplibInstrumentation();
  instrumentation.instrument(newest.module);
  const connection = await newest.connect(broker.url);
  const channel = await connection.channel();
  const [queue, other] = [await channel.queue('clew.disabled'), await channel.queue('clew.uncalled')];
  const received = delivered(channel, queue, () => 'kept');
  channel.raw.sendToQueue(queue, body);
  const client = await createClient(channel, 'direct');
  await received;
  void client.call(other, body);
  expect(recorder.open()).toHaveLength(2);
  instrumentation.disable();
  expect(await outcomes(recorder, 3)).toEqual([
    'publish clew.disabled: ok',
    'process clew.disabled: ok',
    'clew.uncalled: ok',
  ]);
  await connection.close();
});
