import type { EventEmitter } from 'node:events';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type OwnRabbitmq, ownRabbitmq } from '../services/rabbitmq.ts';
import { apis, newest } from './apis.ts';
import { type Relay, relayTo } from './relay.ts';
import { createClient } from './rpc-pair.ts';
import { body, delivered, inSpan, named, outcomes, traced } from './traced.ts';

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

/** Resolves on the `close` event. `once` would reject on the `error` event that precedes it. */
const closing = (emitter: EventEmitter) => new Promise((resolve) => emitter.once('close', resolve));

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
      expect(await outcomes(recorder, 4)).toEqual([
        'publish clew.messages: ok',
        'process clew.messages: connection_closed',
        'clew.calls: connection_closed',
        'publish clew.calls: connection_closed',
      ]);
    }));

  test('the broker closes a channel: an unconfirmed message fails with the reason', () =>
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

  test('the broker closes a channel without confirms: a span of its own has the reason', () =>
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
      expect(await outcomes(recorder, 2)).toEqual([
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
    expect(await outcomes(recorder, 3)).toEqual([
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
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '::1'],
])('a failed connection to %s is a span with the error, without the credentials', async (host, address) => {
  const instrumentation = new AmqplibInstrumentation();
  try {
    for (const api of apis) {
      instrumentation.instrument(api.module);
      const url = `amqp://minos:secret@${host}:9/shop`;
      // Not every machine has IPv6, and amqplib may look the address up with its brackets.
      const refused = /ECONNREFUSED|EADDRNOTAVAIL|ENETUNREACH|EAFNOSUPPORT|ENOTFOUND/;
      await inSpan('caller', () => expect(api.connect(url)).rejects.toThrow(refused));
      const spans = await recorder.take(2);
      expect(named(spans, 'connect')).toMatchObject({
        parentSpanId: named(spans, 'caller').spanId,
        attributes: {
          'server.address': address,
          'server.port': 9,
          'error.type': expect.stringMatching(refused),
        },
      });
      expect(JSON.stringify(spans)).not.toMatch(/secret|minos/);
    }
  } finally {
    instrumentation.disable();
  }
});
