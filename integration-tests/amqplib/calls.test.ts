import { recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { activeSpanId, body, errorsOf, inSpan, named, ofKind, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

describe('a call', () => {
  test('ends when its reply is fetched', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue();
      await serve(await connection.channel(), queue, () => 'seven');
      const replyTo = await channel.queue();
      const reply = await inSpan('caller', async () => {
        channel.raw.sendToQueue(queue, body, { replyTo, correlationId: '1', type: 'sum' });
        for (;;) {
          const message = await channel.get(replyTo, { noAck: true });
          if (message !== false) return message.content.toString();
        }
      });
      expect(reply).toBe('seven');
      const spans = await recorder.take(4);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined, undefined]);
      const caller = named(spans, 'caller');
      const receive = named(spans, 'receive (temporary)');
      expect(receive.parentSpanId).toBe(caller.spanId);
      const [call] = ofKind(spans, SpanKind.CLIENT);
      const [served] = ofKind(spans, SpanKind.SERVER);
      expect(call).toMatchObject({ name: 'sum', parentSpanId: caller.spanId });
      expect(served?.parentSpanId).toBe(call?.spanId);
      expect(call!.endTimeMs).toBeLessThanOrEqual(receive.endTimeMs);
    }));

  test('records the failure in the envelope of a fetched reply, of one frame or several', () => {
    const envelopes = [
      {
        system: 'json',
        read: (content: Buffer) => {
          const { method, error, id } = JSON.parse(content.toString());
          if (method !== undefined) return { kind: 'call', method, id };
          return { kind: 'reply', id, failure: error && { type: error, message: 'out of stock' } };
        },
      },
    ];
    return traced(newest, broker.url, { envelopes }, async (_connection, channel) => {
      const replyTo = await channel.queue();
      for (const padding of ['', 'x'.repeat(300_000)]) {
        const request = Buffer.from(JSON.stringify({ method: 'sum', id: '7' }));
        channel.raw.sendToQueue('nowhere', request, { replyTo });
        const reply = { id: '7', error: 'OutOfStock', padding };
        channel.raw.sendToQueue(replyTo, Buffer.from(JSON.stringify(reply)));
        await channel.ask('checkQueue', replyTo);
        const message = await channel.get(replyTo, { noAck: true });
        expect(message && JSON.parse(message.content.toString())).toEqual(reply);
        const [call] = ofKind(await recorder.take(3), SpanKind.CLIENT);
        expect(call).toMatchObject({ name: 'sum', attributes: { 'error.type': 'OutOfStock' } });
      }
    });
  });

  test('does not time out while its handler runs in the same process', () =>
    // Long enough for the way of the request to its handler on a busy machine.
    traced(newest, broker.url, { callTimeoutMs: 600, consumeTimeoutMs: 600 }, async (connection, channel) => {
      const [queue, unserved] = [await channel.queue(), await channel.queue()];
      let inReply: string | undefined;
      const client = await createClient(channel, 'direct', () => {
        inReply = activeSpanId();
      });
      const lost = () => ofKind(recorder.spans(), SpanKind.CLIENT);
      await serve(await connection.channel(), queue, () =>
        inSpan('work', async () => {
          // A call that began later times out before the handler is done.
          void client.call(unserved, body, {}, 'lost');
          await until('a later call times out', () => lost().length === 1);
        }),
      );
      await inSpan('caller', () => client.call(queue, body));
      const spans = await recorder.take(5);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined, undefined, 'timeout']);
      expect(inReply).toBe(named(spans, 'caller').spanId);
    }));
});
