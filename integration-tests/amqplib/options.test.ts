import { recordSpans } from '@clew/testing';
import { SpanKind } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Message, newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { body, delivered, inSpan, named, traced } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test('useLinksForConsume: the span of a message is a root with a link, but the span of a request has a parent', () =>
  traced(newest, broker.url, { useLinksForConsume: true }, async (connection, channel) => {
    const [queue, calls] = [await channel.queue('clew.linked'), await channel.queue('clew.called')];
    const server = await connection.channel();
    await serve(server, calls, () => 'ok');
    // The span that is current where the consumer is started must not become the parent.
    const received = inSpan('start of the consumer', () =>
      delivered(channel, queue, (message) => channel.raw.ack(message)),
    );
    channel.raw.sendToQueue(queue, body);
    await received;
    const client = await createClient(channel, 'direct');
    await client.call(calls, body);
    const spans = await recorder.take(5);
    const [publish, process] = [named(spans, 'publish clew.linked'), named(spans, 'process clew.linked')];
    expect(process.parentSpanId).toBeUndefined();
    expect(process.traceId).not.toBe(publish.traceId);
    expect(process.links.map(({ context }) => [context.traceId, context.spanId])).toEqual([
      [publish.traceId, publish.spanId],
    ]);
    const [call, served] = spans.filter(({ name }) => name === 'clew.called');
    expect(served?.parentSpanId).toBe(call?.spanId);
  }));

test('messageBodySize: both spans have the size of the body', () =>
  traced(newest, broker.url, { messageBodySize: true }, async (_connection, channel) => {
    const queue = await channel.queue('clew.sized');
    const received = delivered(channel, queue, (message) => channel.raw.ack(message));
    channel.raw.sendToQueue(queue, body);
    await received;
    const spans = await recorder.take(2);
    const sizes = spans.map(({ attributes }) => attributes['messaging.message.body.size']);
    expect(sizes).toEqual([body.length, body.length]);
  }));

test('trust by queue: a trace is continued, linked or ignored', () =>
  traced(
    newest,
    broker.url,
    {
      trust: [
        { path: 'clew.public.linked', trace: 'link' },
        { path: 'clew.public.*', trace: 'ignore' },
      ],
    },
    async (_connection, channel) => {
      for (const name of ['clew.public.linked', 'clew.public.ignored', 'clew.private']) {
        const queue = await channel.queue(name);
        const received = delivered(channel, queue, (message) => channel.raw.ack(message));
        channel.raw.sendToQueue(queue, body);
        await received;
      }
      const spans = await recorder.take(6);
      const seen = spans
        .filter(({ kind }) => kind === SpanKind.CONSUMER)
        .map(({ parentSpanId, links }) => [parentSpanId !== undefined, links.length]);
      expect(seen).toEqual([
        [false, 1],
        [false, 0],
        [true, 0],
      ]);
    },
  ));

test('hooks: their attributes are recorded, and their exceptions are ignored', () => {
  const seen: unknown[] = [];
  const options = {
    publishHook: (
      _span: unknown,
      { exchange, routingKey, content, isConfirmChannel }: Record<string, unknown>,
    ) => seen.push(['publish', exchange, routingKey, String(content), isConfirmChannel]),
    publishConfirmHook: (_span: unknown, { confirmError }: Record<string, unknown>) =>
      seen.push(['confirm', confirmError]),
    consumeHook: (span: { setAttribute(key: string, value: string): void }, { msg }: { msg: Message }) => {
      span.setAttribute('order', msg.content.toString());
      throw new Error('the hook failed');
    },
    consumeEndHook: (_span: unknown, { endOperation, rejected }: Record<string, unknown>) =>
      seen.push(['end', endOperation, rejected]),
  };
  return traced(newest, broker.url, options, async (connection) => {
    const channel = await connection.confirmChannel();
    const queue = await channel.queue('clew.hooked');
    const received = delivered(channel, queue, (message) => channel.raw.ack(message));
    await new Promise((resolve) => channel.raw.sendToQueue(queue, Buffer.from('7'), {}, resolve));
    await received;
    const other = await channel.queue('clew.refused');
    const refused = delivered(channel, other, () => channel.raw.nackAll(false));
    channel.raw.sendToQueue(other, body);
    await refused;
    const spans = await recorder.take(4);
    expect(named(spans, 'process clew.hooked').attributes.order).toBe('7');
    expect(seen.slice(0, 3)).toEqual(
      expect.arrayContaining([
        ['publish', '', 'clew.hooked', '7', true],
        ['confirm', undefined],
        ['end', 'ack', false],
      ]),
    );
    expect(seen).toContainEqual(['end', 'nackAll', true]);
  });
});

test('destinationTemplates: span names contain the template, and an attribute the real name', () =>
  traced(
    newest,
    broker.url,
    { destinationTemplates: ['user.{name}.login'] },
    async (_connection, channel) => {
      channel.raw.publish('amq.topic', 'user.ada.login', body);
      channel.raw.publish('amq.topic', 'order.5f8d0d55b54764421b7156d9.paid', body);
      const [templated, temporary] = await recorder.take(2);
      expect(templated).toMatchObject({
        name: 'publish amq.topic:user.{name}.login',
        attributes: {
          'messaging.destination.name': 'amq.topic:user.ada.login',
          'messaging.destination.template': 'amq.topic:user.{name}.login',
        },
      });
      expect(temporary?.name).toBe('publish amq.topic:order.(temporary).paid');
    },
  ));
