import type { EventEmitter } from 'node:events';
import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { diag, SpanStatusCode } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, newest } from './apis.ts';
import { body, delivered, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

/** Not `once`, which rejects at the `error` event before. */
const closing = (emitter: EventEmitter) => new Promise((resolve) => emitter.once('close', resolve));

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  test('a channel without an error listener: open spans end with the reason of the broker', () =>
    traced(api, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.no-listener');
      const received = delivered(channel, queue, () => 'kept');
      channel.raw.sendToQueue(queue, body);
      await received;
      const other = await connection.channel();
      const otherQueue = await other.queue('clew.other');
      const alsoReceived = delivered(other, otherQueue, () => 'kept');
      other.raw.sendToQueue(otherQueue, body);
      await alsoReceived;
      const closed = closing(connection.raw);
      channel.raw.publish('clew.missing', 'key', body);
      await closed;
      const spans = await recorder.take(5);
      expect(named(spans, 'process clew.other')).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('404 (NOT-FOUND)') },
        attributes: { 'error.type': 'connection_closed' },
      });
      expect(named(spans, 'process clew.no-listener')).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('404 (NOT-FOUND)') },
        attributes: { 'error.type': 'channel_closed' },
      });
    }));

  test('recover() ends the span of an unsettled delivery, and the second delivery has another span', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.recovered');
      let deliveries = 0;
      const again = new Promise<void>((resolve) => {
        void channel.consume(queue, (message) => {
          if (++deliveries < 2 || message === null) return;
          channel.raw.ack(message);
          resolve();
        });
      });
      channel.raw.sendToQueue(queue, body);
      await until('the message is delivered', () => deliveries === 1);
      await channel.ask('recover');
      await again;
      const [, first, second] = await recorder.take(3);
      expect(first).toMatchObject({
        name: 'process clew.recovered',
        attributes: { 'error.type': 'recover' },
        events: [{ name: 'recover' }],
      });
      expect(second).toMatchObject({ name: 'process clew.recovered', events: [{ name: 'ack' }] });
      expect(second?.attributes['error.type']).toBeUndefined();
    }));

  test.each(['channel', 'connection'] as const)(
    'calls that are pending when the application closes the %s are not errors',
    (which) =>
      traced(api, broker.url, {}, async (connection, channel) => {
        const queue = await channel.queue('clew.closing');
        const pending = Array.from({ length: 10 }, () =>
          channel.ask('unbindQueue', queue, 'amq.topic', 'key', {}).then(
            () => 'done',
            (error: Error) => error.message,
          ),
        );
        await (which === 'channel' ? channel.close() : connection.close());
        expect(await Promise.all(pending)).toContain('Channel ended, no reply will be forthcoming');
      }),
  );
});

test.each([['not a url'], ['http://127.0.0.1:9'], [{ hostname: '127.0.0.1', port: 9 }]])(
  'a failed connection to %j is one span, without a destination',
  async (url) => {
    const instrumentation = new AmqplibInstrumentation();
    instrumentation.instrument(newest.module);
    const logged = jest.fn();
    diag.setLogger({ error: logged, warn: logged, info: logged, debug: logged, verbose: logged });
    try {
      await expect(newest.connect(url as string)).rejects.toThrow();
      const [span] = await recorder.take(1);
      expect(span).toMatchObject({ name: 'connect', status: { code: SpanStatusCode.ERROR } });
      expect(span?.attributes).not.toHaveProperty(['messaging.destination.name']);
      expect(logged).not.toHaveBeenCalled();
    } finally {
      diag.disable();
      instrumentation.disable();
    }
  },
);
