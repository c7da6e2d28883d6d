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

/** `once` would reject for the error that comes first. */
const closing = (emitter: EventEmitter) => new Promise((resolve) => emitter.once('close', resolve));

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  test('a channel without a listener for errors: what is open on it ends with the broker’s reason', () =>
    traced(api, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.unheard');
      const received = delivered(channel, queue, () => 'kept');
      channel.raw.sendToQueue(queue, body);
      await received;
      const bystander = await connection.channel();
      const other = await bystander.queue('clew.bystander');
      const alsoReceived = delivered(bystander, other, () => 'kept');
      bystander.raw.sendToQueue(other, body);
      await alsoReceived;
      const closed = closing(connection.raw);
      channel.raw.publish('clew.missing', 'key', body);
      await closed;
      const spans = await recorder.take(5);
      expect(named(spans, 'process clew.bystander')).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('404 (NOT-FOUND)') },
        attributes: { 'error.type': 'connection_closed' },
      });
      expect(named(spans, 'process clew.unheard')).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('404 (NOT-FOUND)') },
        attributes: { 'error.type': 'channel_closed' },
      });
    }));

  test('what the application asks to be delivered again ends, and the second delivery is another span', () =>
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
      await until('delivered', () => deliveries === 1);
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
    'what the application still waits for when it closes its %s is no error',
    (which) =>
      traced(api, broker.url, {}, async (connection, channel) => {
        const queue = await channel.queue('clew.closing');
        const asked = Array.from({ length: 10 }, () =>
          channel.ask('unbindQueue', queue, 'amq.topic', 'key', {}).then(
            () => 'done',
            (error: Error) => error.message,
          ),
        );
        await (which === 'channel' ? channel.close() : connection.close());
        expect(await Promise.all(asked)).toContain('Channel ended, no reply will be forthcoming');
      }),
  );
});

test.each([['not a url'], ['http://127.0.0.1:9'], [{ hostname: '127.0.0.1', port: 9 }]])(
  'a connection to %j cannot be made: one span, without a destination',
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
