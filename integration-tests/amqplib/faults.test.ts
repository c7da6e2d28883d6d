import { type EventEmitter, once } from 'node:events';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type OwnRabbitmq, ownRabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message, newest } from './apis.ts';
import { type Relay, relayTo } from './relay.ts';
import { createClient } from './rpc-pair.ts';
import { body, delivered, inSpan, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: OwnRabbitmq;
let relay: Relay;

beforeAll(async () => {
  broker = await ownRabbitmq();
}, 120_000);
beforeEach(async () => {
  relay = await relayTo(broker.url);
});
afterEach(() => relay.stop());
afterAll(() => broker.stop());

/** Not `once`, which rejects at the `error` event before. */
const closing = (emitter: EventEmitter) => new Promise((resolve) => emitter.once('close', resolve));

/** `name: error.type` of all spans, in the order of their starts. */
async function outcomes(count: number): Promise<string[]> {
  const spans = await recorder.take(count);
  return spans.map(({ name, attributes }) => `${name}: ${attributes['error.type'] ?? 'ok'}`);
}

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  test('a lost connection ends the spans of its call, its unconfirmed message and its delivery, each once', () =>
    traced(api, relay.url, {}, async (connection) => {
      const [channel, confirming] = [await connection.channel(), await connection.confirmChannel()];
      const [calls, messages] = [await channel.queue('clew.calls'), await channel.queue('clew.messages')];
      const received = delivered(channel, messages, () => 'kept');
      channel.raw.sendToQueue(messages, body);
      await received;
      const client = await createClient(channel, 'direct');
      void client.call(calls, body);
      await channel.ask('checkQueue', calls);
      relay.stall();
      const confirm = new Promise<Error | null>((resolve) =>
        confirming.raw.sendToQueue(calls, body, {}, resolve),
      );
      const closed = closing(connection.raw);
      relay.disconnect();
      await closed;
      expect(await confirm).toEqual(new Error('channel closed'));
      expect(await outcomes(4)).toEqual([
        'publish clew.messages: ok',
        'process clew.messages: connection_closed',
        'clew.calls: connection_closed',
        'publish clew.calls: connection_closed',
      ]);
    }));

  test('the broker closes the channel: an unconfirmed message fails with the reason', () =>
    traced(api, broker.url, {}, async (connection) => {
      const channel = await connection.confirmChannel();
      const errors: unknown[] = [];
      channel.raw.on('error', (error) => errors.push(error.code));
      const closed = closing(channel.raw);
      const confirm = new Promise<Error | null>((resolve) =>
        inSpan('caller', () => channel.raw.publish('clew.missing', 'key', body, {}, resolve)),
      );
      await closed;
      expect(await confirm).toEqual(new Error('channel closed'));
      expect(errors).toEqual([404]);
      const spans = await recorder.take(2);
      expect(named(spans, 'publish clew.missing:key')).toMatchObject({
        status: {
          code: SpanStatusCode.ERROR,
          message: expect.stringContaining("no exchange 'clew.missing'"),
        },
        attributes: { 'error.type': 'channel_closed' },
      });
    }));

  test('the same without confirms: the reason is a span of its own', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      channel.raw.on('error', () => {});
      const closed = closing(channel.raw);
      inSpan('caller', () => channel.raw.publish('clew.missing', 'key', body));
      await closed;
      const spans = await recorder.take(3);
      const [caller, publish, close] = spans;
      expect(publish).toMatchObject({ name: 'publish clew.missing:key', parentSpanId: caller?.spanId });
      expect(close).toMatchObject({
        kind: SpanKind.CLIENT,
        parentSpanId: caller?.spanId,
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('NOT_FOUND') },
      });
    }));

  test('the application closes a channel: the spans of its unsettled deliveries end', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.unsettled');
      const received = delivered(channel, queue, () => 'kept');
      channel.raw.sendToQueue(queue, body);
      await received;
      await channel.close();
      expect(await outcomes(2)).toEqual([
        'publish clew.unsettled: ok',
        'process clew.unsettled: channel_closed',
      ]);
    }));
});

test('the broker stops during a call and a delivery, and starts again', async () => {
  await traced(newest, broker.url, {}, async (connection, channel) => {
    const queue = await channel.queue('clew.stopped', { exclusive: false, durable: true });
    const received = delivered(channel, queue, () => 'kept');
    channel.raw.sendToQueue(queue, body, { persistent: true });
    await received;
    const client = await createClient(channel, 'direct');
    const other = await channel.queue('clew.other');
    void client.call(other, body);
    await channel.ask('checkQueue', other);
    const closed = closing(connection.raw);
    await broker.halt();
    await closed;
    expect(await outcomes(3)).toEqual([
      'publish clew.stopped: ok',
      'process clew.stopped: connection_closed',
      'clew.other: connection_closed',
    ]);
  });
  await broker.start();
  await traced(newest, broker.url, {}, async (_connection, channel) => {
    const redelivered = await delivered(channel, 'clew.stopped', (message) => {
      channel.raw.ack(message);
      return message.fields.redelivered;
    });
    expect(redelivered).toBe(true);
    await channel.ask('deleteQueue', 'clew.stopped', {});
    const [process] = await recorder.take(1);
    expect(process).toMatchObject({
      name: 'process clew.stopped',
      parentIsRemote: true,
      attributes: { 'clew.messaging.redelivered': true },
    });
  });
}, 60_000);

test('a failed connection is a span with the error, without the credentials', async () => {
  const instrumentation = new AmqplibInstrumentation();
  try {
    for (const api of apis) {
      instrumentation.instrument(api.module);
      const url = 'amqp://minos:secret@127.0.0.1:9/shop';
      await inSpan('caller', () => expect(api.connect(url)).rejects.toThrow('ECONNREFUSED'));
      const spans = await recorder.take(2);
      expect(named(spans, 'connect')).toMatchObject({
        parentSpanId: named(spans, 'caller').spanId,
        attributes: { 'server.address': '127.0.0.1', 'server.port': 9, 'error.type': 'ECONNREFUSED' },
      });
      expect(JSON.stringify(spans)).not.toMatch(/secret|minos/);
    }
  } finally {
    instrumentation.disable();
  }
});

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

test('prefetch 1 and slow handlers: one span after the other, each as long as its handler', () =>
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

test('a handler that throws: the error is recorded on the span, and amqplib emits it as before', () =>
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
  const [queue, other] = [await channel.queue('clew.disabled'), await channel.queue('clew.other')];
  const received = delivered(channel, queue, () => 'kept');
  channel.raw.sendToQueue(queue, body);
  const client = await createClient(channel, 'direct');
  await received;
  void client.call(other, body);
  expect(recorder.open()).toHaveLength(2);
  instrumentation.disable();
  expect(await outcomes(3)).toEqual([
    'publish clew.disabled: ok',
    'process clew.disabled: ok',
    'clew.other: ok',
  ]);
  await connection.close();
});
