import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { activeSpanId, body, delivered, inSpan, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

describe('a call that fails', () => {
  test('for lack of a reply ends with a timeout, and the handler of a late reply runs in the context of the caller', () =>
    traced(newest, broker.url, { callTimeoutMs: 60 }, async (connection, channel) => {
      const queue = await channel.queue('clew.late');
      const serverChannel = await connection.channel();
      const request = delivered(serverChannel, queue, (message) => message);
      let inReply: string | undefined;
      const client = await createClient(channel, 'direct', () => {
        inReply = activeSpanId();
      });
      const reply = inSpan('caller', () => client.call(queue, body));
      const { properties } = await request;
      await until('the call ends', () => recorder.open().length === 1);
      serverChannel.raw.sendToQueue(properties.replyTo!, body, { correlationId: properties.correlationId });
      await reply;
      serverChannel.raw.ackAll();
      const [caller, call, served] = await recorder.take(3);
      expect(call).toMatchObject({
        kind: SpanKind.CLIENT,
        status: { code: SpanStatusCode.ERROR, message: 'no reply within 60 ms' },
        attributes: { 'error.type': 'timeout' },
      });
      expect(served?.status.code).toBe(SpanStatusCode.UNSET);
      expect(inReply).toBe(caller?.spanId);
    }));

  test('because its request cannot be routed ends with the reason that the broker returns', () =>
    traced(newest, broker.url, {}, async (_connection, channel) => {
      const client = await createClient(channel, 'direct');
      void client.call('clew.no-queue', body, { mandatory: true });
      const [call] = await recorder.take(1);
      expect(call).toMatchObject({
        name: 'clew.no-queue',
        kind: SpanKind.CLIENT,
        attributes: { 'error.type': 'NO_ROUTE' },
      });
    }));

  test('according to the envelope of its reply has the failure on both spans', () =>
    traced(
      newest,
      broker.url,
      {
        envelopes: [
          {
            system: 'json',
            read: (content: Buffer) => {
              const { method, error } = JSON.parse(content.toString());
              if (method !== undefined) return { kind: 'call', method };
              return { kind: 'reply', failure: error && { type: error, message: 'out of stock' } };
            },
          },
        ],
      },
      async (connection, channel) => {
        const queue = await channel.queue('clew.failing');
        const serverChannel = await connection.channel();
        await serve(serverChannel, queue, ({ content }) => {
          const { method } = JSON.parse(content.toString());
          return method === 'orders.fail' ? '{"error":"OutOfStock"}' : '{"result":1}';
        });
        const client = await createClient(channel, 'direct');
        await client.call(queue, Buffer.from('{"method":"orders.get"}'));
        await client.call(queue, Buffer.from('{"method":"orders.fail"}'));
        const spans = await recorder.take(4);
        expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes['error.type']])).toEqual([
          ['orders.get', SpanKind.CLIENT, undefined],
          ['orders.get', SpanKind.SERVER, undefined],
          ['orders.fail', SpanKind.CLIENT, 'OutOfStock'],
          ['orders.fail', SpanKind.SERVER, 'OutOfStock'],
        ]);
        expect(spans[0]?.attributes).toMatchObject({ 'rpc.system.name': 'json', 'rpc.method': 'orders.get' });
      },
    ));

  test('because its request is rejected has a SERVER span that does not wait for a reply', () =>
    traced(newest, broker.url, { callTimeoutMs: 50 }, async (connection, channel) => {
      const queue = await channel.queue('clew.rpc-refused');
      const serverChannel = await connection.channel();
      await serverChannel.consume(queue, (message) => serverChannel.raw.reject(message!, false));
      const client = await createClient(channel, 'direct');
      void client.call(queue, body);
      const [call, served] = await recorder.take(2);
      expect(call?.attributes['error.type']).toBe('timeout');
      expect(served).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'error.type': 'reject' } });
    }));
});
