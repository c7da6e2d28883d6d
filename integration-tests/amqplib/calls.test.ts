import { setTimeout as sleep } from 'node:timers/promises';
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Message, newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { activeSpanId, body, inSpan, named, traced, until } from './traced.ts';

// Requests without a reply, with several replies, and with the same id.

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

const ofKind = (spans: readonly RecordedSpan[], kind: SpanKind) => spans.filter((span) => span.kind === kind);
const errorsOf = (spans: readonly RecordedSpan[]) => spans.map(({ attributes }) => attributes['error.type']);

describe('a request without a reply', () => {
  test('such as a task of Celery: the SERVER span ends with the handler, without an error', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue();
      const worker = await connection.channel();
      await worker.consume(queue, async (message) => {
        await inSpan('work', () => sleep(5));
        worker.raw.ack(message!);
      });
      const replyTo = await channel.queue();
      channel.raw.sendToQueue(queue, body, { replyTo, correlationId: 'task', type: 'add' });
      await until('the task is done', () => recorder.open().length === 1 && recorder.spans().length === 2);
      const [open] = recorder.open();
      expect(open).toMatchObject({ name: 'add', kind: SpanKind.CLIENT });
      await connection.close();
      const spans = await recorder.take(3);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined]);
      const [sent] = ofKind(spans, SpanKind.CLIENT);
      const [served] = ofKind(spans, SpanKind.SERVER);
      expect(served).toMatchObject({ parentSpanId: sent?.spanId, events: [{ name: 'ack' }] });
      expect(sent!.endTimeMs).toBeLessThan(served!.endTimeMs);
    }));

  test('a reply that is sent later is a message in the trace of the request, and ends the call', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue();
      const server = await connection.channel();
      const requests: Message[] = [];
      await server.consume(queue, (message) => {
        requests.push(message!);
        server.raw.ack(message!);
      });
      let header: unknown;
      const client = await createClient(channel, 'direct', ({ properties }) => {
        header = properties.headers.traceparent;
      });
      const reply = client.call(queue, body, { type: 'sum' });
      await until(
        'the request is handled',
        () => recorder.open().length === 1 && recorder.spans().length === 1,
      );
      const { replyTo, correlationId } = requests[0]!.properties;
      server.raw.sendToQueue(replyTo!, body, { correlationId });
      await reply;
      const spans = await recorder.take(3);
      const [served] = ofKind(spans, SpanKind.SERVER);
      const [late] = ofKind(spans, SpanKind.PRODUCER);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined]);
      expect(late).toMatchObject({ name: 'publish (temporary)', parentSpanId: served?.spanId });
      expect(header).toContain(late?.spanId);
    }));
});

describe('a forwarded request', () => {
  test('to another queue with the same properties: each SERVER span is the parent of the next one', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const [first, second] = [await channel.queue(), await channel.queue()];
      const [one, two] = [await connection.channel(), await connection.channel()];
      await one.consume(first, (message) => {
        one.raw.sendToQueue(second, message!.content, message!.properties);
        one.raw.ack(message!);
      });
      await serve(two, second, () => 'done');
      for (const way of ['direct', 'exclusive'] as const) {
        const client = await createClient(way === 'direct' ? channel : await connection.channel(), way);
        await client.call(first, body);
        const spans = await recorder.take(3);
        const [call] = ofKind(spans, SpanKind.CLIENT);
        const [delegating, last] = ofKind(spans, SpanKind.SERVER);
        expect(errorsOf(spans)).toEqual([undefined, undefined, undefined]);
        expect(delegating?.parentSpanId).toBe(call?.spanId);
        expect(delegating?.events.map(({ name }) => name)).toEqual(['handed over', 'ack']);
        expect(last?.parentSpanId).toBe(delegating?.spanId);
      }
    }));

  test('to a queue for retries: the span of each attempt is the parent of the next one', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue();
      const retries = await channel.queue('', {
        messageTtl: 20,
        deadLetterExchange: '',
        deadLetterRoutingKey: queue,
      });
      const server = await connection.channel();
      let attempts = 0;
      await server.consume(queue, (message) => {
        const { content, properties } = message!;
        const { replyTo, correlationId } = properties;
        if (++attempts < 3) server.raw.sendToQueue(retries, content, properties);
        else server.raw.sendToQueue(replyTo!, body, { correlationId });
        server.raw.ack(message!);
      });
      const client = await createClient(channel, 'direct');
      await client.call(queue, body);
      const spans = await recorder.take(4);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined, undefined]);
      const [call] = ofKind(spans, SpanKind.CLIENT);
      const served = ofKind(spans, SpanKind.SERVER);
      expect(served.map(({ parentSpanId }) => parentSpanId)).toEqual([
        call?.spanId,
        served[0]?.spanId,
        served[1]?.spanId,
      ]);
    }));
});

describe('requests with the same id', () => {
  test('a request to several servers: each has a SERVER span, in whatever order they reply', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      await channel.ask('assertExchange', 'clew.scatter', 'fanout', { autoDelete: true });
      const replies: string[] = [];
      // The last server replies first.
      const turns = ['third', 'second', 'first'];
      for (const turn of turns) {
        const server = await connection.channel();
        const queue = await server.queue();
        await server.ask('bindQueue', queue, 'clew.scatter', '', {});
        await serve(server, queue, async () => {
          await inSpan(turn, () => until(turn, () => replies.length === 2 - turns.indexOf(turn)));
          return turn;
        });
      }
      const listening = await connection.channel();
      const replyTo = await listening.queue();
      await listening.consume(replyTo, (message) => replies.push(message!.content.toString()), {
        noAck: true,
      });
      channel.raw.publish('clew.scatter', '', body, { replyTo, correlationId: '1', type: 'scatter' });
      await until('all replies', () => replies.length === 3);
      const spans = await recorder.takeUntil(() => ofKind(recorder.spans(), SpanKind.CONSUMER).length === 2);
      expect(replies).toEqual(['first', 'second', 'third']);
      expect(errorsOf(spans)).toEqual(spans.map(() => undefined));
      const [call] = ofKind(spans, SpanKind.CLIENT);
      const served = ofKind(spans, SpanKind.SERVER);
      expect(served.map(({ parentSpanId }) => parentSpanId)).toEqual([1, 2, 3].map(() => call?.spanId));
      const endedBy = (turn: string) =>
        served.find(({ spanId }) => spanId === named(spans, turn).parentSpanId)!.endTimeMs;
      expect(endedBy('first')).toBeLessThan(endedBy('second'));
      expect(endedBy('second')).toBeLessThan(endedBy('third'));
    }));

  test('a redelivery after the end of the channel, and a retry of the client: each has a SERVER span', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue();
      const first = await connection.channel();
      const requests: Message[] = [];
      await first.consume(queue, (message) => void requests.push(message!));
      const client = await createClient(channel, 'direct');
      const [one, two] = ['first', 'retry'].map((type) => client.call(queue, body, { type }, 'same id'));
      void one;
      await until('both requests are delivered', () => requests.length === 2);
      await first.close();
      const second = await connection.channel();
      await serve(second, queue, () => 'done');
      await two;
      const spans = await recorder.takeUntil(() => ofKind(recorder.spans(), SpanKind.SERVER).length === 4);
      const outcomes = spans.map(({ name, kind, attributes }) => [name, kind, attributes['error.type']]);
      expect(outcomes.sort()).toEqual(
        ['first', 'retry']
          .flatMap((name) => [
            [name, SpanKind.SERVER, undefined],
            [name, SpanKind.SERVER, 'channel_closed'],
            [name, SpanKind.CLIENT, undefined],
          ])
          .concat(ofKind(spans, SpanKind.CONSUMER).map(({ name, kind }) => [name, kind, undefined]))
          .sort(),
      );
    }));
});

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
    traced(newest, broker.url, { callTimeoutMs: 20, consumeTimeoutMs: 20 }, async (connection, channel) => {
      const queue = await channel.queue();
      await serve(await connection.channel(), queue, () => inSpan('work', () => sleep(100)));
      let inReply: string | undefined;
      const client = await createClient(channel, 'direct', () => {
        inReply = activeSpanId();
      });
      await inSpan('caller', () => client.call(queue, body));
      const spans = await recorder.take(4);
      expect(errorsOf(spans)).toEqual([undefined, undefined, undefined, undefined]);
      expect(inReply).toBe(named(spans, 'caller').spanId);
    }));
});
