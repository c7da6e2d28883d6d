import { AmqplibInstrumentation, messageContext } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { SpanKind, trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { type Message, newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { activeSpanId, body, delivered, inSpan, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test('useLinksForConsume: the span of a delivery is a root with a link, that of a request has a parent', () =>
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

test('hooks: their attributes are recorded, their exceptions are ignored', () => {
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

test('a dead-lettered message has attributes with its first queue and the reason', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const dead = await channel.queue('clew.dead');
    const queue = await channel.queue('clew.rejected', {
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
    });
    const received = delivered(channel, dead, (message) => channel.raw.ack(message));
    await channel.consume(queue, (message) => channel.raw.reject(message!, false));
    channel.raw.sendToQueue(queue, body);
    await received;
    const spans = await recorder.take(3);
    expect(named(spans, 'process clew.dead')).toMatchObject({
      traceId: named(spans, 'publish clew.rejected').traceId,
      attributes: {
        'clew.messaging.dead_letter.queue': 'clew.rejected',
        'clew.messaging.dead_letter.reason': 'rejected',
        'clew.messaging.dead_letter.count': 1,
      },
    });
  }));

test('an unsampled message sends its context, and creates no spans', () =>
  traced(newest, broker.url, {}, async (connection) => {
    const channel = await connection.confirmChannel();
    const queue = await channel.queue('clew.unsampled');
    recorder.sampling = 'none';
    const received = delivered(channel, queue, (message) => {
      channel.raw.ack(message);
      return message.properties.headers.traceparent;
    });
    let confirmed = false;
    channel.raw.sendToQueue(queue, body, {}, () => {
      confirmed = true;
    });
    expect(await received).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    await until('the message is confirmed', () => confirmed);
    expect(recorder.spans()).toEqual([]);
    expect(recorder.wastedCalls).toBe(0);
  }));

test('span names contain (temporary) for generated names, which are in an attribute', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const queue = await channel.queue();
    const received = delivered(channel, queue, () => 'seen', { noAck: true });
    channel.raw.sendToQueue(queue, body);
    await received;
    const id = '0b7c3c5e-8d47-4a0e-9b6d-0c5a7e1f2d34';
    channel.raw.publish('amq.topic', `user.${id}.login`, body);
    const spans = await recorder.take(3);
    expect(spans.map(({ name }) => name)).toEqual([
      'publish (temporary)',
      'process (temporary)',
      'publish amq.topic:user.(temporary).login',
    ]);
    expect(spans.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual([
      queue,
      queue,
      `amq.topic:user.${id}.login`,
    ]);
    for (const { attributes } of spans) expect(attributes['messaging.destination.temporary']).toBe(true);
  }));

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

test('ignore: some queues and exchanges have no spans, but the context of the sender is sent', () =>
  traced(newest, broker.url, { ignore: [/^clew\.ignored/, 'amq.fanout'] }, async (_connection, channel) => {
    const [ignored, other] = [await channel.queue('clew.ignored'), await channel.queue('clew.other')];
    await channel.ask('bindQueue', ignored, 'amq.fanout', '', {});
    const received = delivered(channel, ignored, (message) => {
      channel.raw.ack(message);
      return { active: activeSpanId(), later: trace.getSpanContext(messageContext(message))?.spanId };
    });
    inSpan('caller', () => channel.raw.publish('amq.fanout', '', body));
    const { active, later } = await received;
    channel.raw.sendToQueue(ignored, body);
    await channel.ask('cancel', 'none');
    await channel.get(ignored, { noAck: true });
    channel.raw.sendToQueue(ignored, body, { replyTo: other, correlationId: '1' });
    channel.raw.sendToQueue(other, body);
    const [caller, publish] = await recorder.take(2);
    expect([caller?.name, publish?.name]).toEqual(['caller', 'publish clew.other']);
    expect([active, later]).toEqual([caller?.spanId, caller?.spanId]);
    channel.raw.on('error', () => {});
    await expect(channel.ask('checkQueue', 'clew.ignored.missing')).rejects.toThrow('NOT_FOUND');
  }));

test('ignore: an ignored call has no spans, for its reply neither', () =>
  traced(newest, broker.url, { ignore: ['clew.health'] }, async (connection, channel) => {
    const queue = await channel.queue('clew.health');
    const served: (string | undefined)[] = [];
    await serve(await connection.channel(), queue, () => {
      served.push(activeSpanId());
      return 'ok';
    });
    const client = await createClient(channel, 'shared');
    const calls = ['first', 'second'].map((name) =>
      inSpan(name, async () => {
        await client.call(queue, body);
        return activeSpanId();
      }),
    );
    const after = await Promise.all(calls);
    const callers = (await recorder.take(2)).map(({ spanId }) => spanId);
    expect(after).toEqual(callers);
    expect(served).toEqual(callers);
  }));

test('ignore can be changed while the application runs', async () => {
  const instrumentation = new AmqplibInstrumentation();
  instrumentation.instrument(newest.module);
  const connection = await newest.connect(broker.url);
  try {
    const channel = await connection.channel();
    const queue = await channel.queue('clew.sometimes');
    channel.raw.sendToQueue(queue, body);
    instrumentation.setConfig({ ignore: [queue] });
    channel.raw.sendToQueue(queue, body);
    instrumentation.setConfig({});
    channel.raw.sendToQueue(queue, body);
    await recorder.take(2);
  } finally {
    await connection.close();
    instrumentation.disable();
  }
});
