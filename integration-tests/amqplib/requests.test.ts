// Requests without a reply, with several replies, and with the same ID.
import { setTimeout as sleep } from 'node:timers/promises';
import { recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Message, newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { body, errorsOf, inSpan, named, ofKind, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

describe('a request without a reply', () => {
  test('such as a task of Celery has a SERVER span that ends with the handler, without an error', () =>
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

  test('when it is handled: a later reply is a message in the trace of the request, and ends the call', () =>
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
  test('a request to several servers: each has a SERVER span, in any order of their replies', () =>
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
