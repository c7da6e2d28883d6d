import { messageContext } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message, newest } from './apis.ts';
import { activeSpanId, body, delivered, inSpan, named, traced } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  test('a message is a PRODUCER and a CONSUMER span of one trace', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.orders');
      const inside = delivered(channel, queue, (message) => {
        channel.raw.ack(message);
        return { active: activeSpanId(), baggage: propagation.getActiveBaggage()?.getEntry('user')?.value };
      });
      inSpan('caller', () => {
        const baggage = propagation.createBaggage({ user: { value: 'ada' } });
        context.with(propagation.setBaggage(context.active(), baggage), () => {
          expect(channel.raw.sendToQueue(queue, body, { messageId: 'm1', correlationId: 'c1' })).toBe(true);
        });
      });
      const { active, baggage } = await inside;
      const spans = await recorder.take(3);
      const [caller, publish, process] = [
        named(spans, 'caller'),
        named(spans, 'publish clew.orders'),
        named(spans, 'process clew.orders'),
      ];
      expect(publish).toMatchObject({ kind: SpanKind.PRODUCER, parentSpanId: caller.spanId });
      expect(publish.attributes).toEqual({
        'messaging.system': 'rabbitmq',
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'clew.orders',
        'messaging.rabbitmq.destination.routing_key': 'clew.orders',
        'messaging.message.id': 'm1',
        'messaging.message.conversation_id': 'c1',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(broker.url).port || 5672),
      });
      expect(process).toMatchObject({
        kind: SpanKind.CONSUMER,
        traceId: caller.traceId,
        parentSpanId: publish.spanId,
        parentIsRemote: true,
        status: { code: SpanStatusCode.UNSET },
        events: [{ name: 'ack' }],
      });
      expect(process.attributes).toMatchObject({
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'clew.orders',
        'messaging.rabbitmq.message.delivery_tag': 1,
      });
      expect(active).toBe(process.spanId);
      expect(baggage).toBe('ada');
    }));

  test('a confirm channel: the span ends with the confirm, the callback runs in the context of the caller', () =>
    traced(api, broker.url, {}, async (connection) => {
      const channel = await connection.confirmChannel();
      const queue = await channel.queue('clew.confirmed');
      let inCallback: string | undefined;
      let caller: string | undefined;
      await new Promise<void>((resolve) => {
        inSpan('caller', () => {
          caller = activeSpanId();
          channel.raw.sendToQueue(queue, body, {}, (error) => {
            expect(error).toBeNull();
            inCallback = activeSpanId();
            resolve();
          });
        });
        expect(recorder.open().map(({ name }) => name)).toEqual(['publish clew.confirmed']);
      });
      expect(inCallback).toBe(caller);
      const publish = named(await recorder.take(2), 'publish clew.confirmed');
      expect(publish.status.code).toBe(SpanStatusCode.UNSET);
    }));

  test('a returned message: its own span has the error, and those of other messages do not', () =>
    traced(api, broker.url, {}, async (connection) => {
      const channel = await connection.confirmChannel();
      const queue = await channel.queue('clew.queue');
      const returned = new Promise<Message>((resolve) => channel.raw.once('return', resolve));
      const confirmed = [queue, 'clew.no-queue', queue].map(
        (to) => new Promise((resolve) => channel.raw.sendToQueue(to, body, { mandatory: true }, resolve)),
      );
      expect((await returned).fields.routingKey).toBe('clew.no-queue');
      // The broker confirms all of them.
      expect(await Promise.all(confirmed)).toEqual([null, null, null]);
      const spans = await recorder.take(3);
      expect(named(spans, 'publish clew.no-queue')).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: '312 NO_ROUTE' },
        attributes: { 'error.type': 'NO_ROUTE' },
      });
      expect(spans.filter(({ status }) => status.code === SpanStatusCode.ERROR)).toHaveLength(1);
    }));

  test('a full queue: the span fails if the callback gets an error', () =>
    traced(api, broker.url, {}, async (connection) => {
      const channel = await connection.confirmChannel();
      const args = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      const queue = await channel.queue('clew.full', { arguments: args });
      const outcomes: unknown[] = [];
      for (let count = 0; count < 3; count++) {
        outcomes.push(
          await new Promise((resolve) =>
            channel.raw.sendToQueue(queue, body, {}, (error) => resolve(error?.message ?? 'confirmed')),
          ),
        );
      }
      const spans = await recorder.take(3);
      expect(
        spans.map(({ attributes }) => (attributes['error.type'] === 'nack' ? 'message nacked' : 'confirmed')),
      ).toEqual(outcomes);
      expect(outcomes).toContain('message nacked');
    }));

  test('a settlement is an event: ack, nack and reject, of one delivery or of all up to a tag', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.settled');
      const messages: Message[] = [];
      const all = new Promise<void>((resolve) => {
        void channel.consume(queue, (message) => {
          if (messages.push(message!) === 6) resolve();
        });
      });
      inSpan('caller', () => {
        for (let count = 0; count < 6; count++) channel.raw.sendToQueue(queue, body);
      });
      await all;
      expect(recorder.open()).toHaveLength(6);
      const [first, second, third, , fifth] = messages as [Message, Message, Message, Message, Message];
      channel.raw.reject(second, false);
      channel.raw.nack(first, false, false);
      channel.raw.ack(third);
      channel.raw.ack(fifth, true);
      channel.raw.nackAll(false);
      const spans = (await recorder.take(13)).filter(({ kind }) => kind === SpanKind.CONSUMER);
      expect(spans.map(({ events }) => events.map(({ name }) => name).join())).toEqual([
        'nack',
        'reject',
        'ack',
        'ack',
        'ack',
        'nack',
      ]);
      expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual([
        'nack',
        'reject',
        undefined,
        undefined,
        undefined,
        'nack',
      ]);
    }));

  test('the span lasts until the promise of the handler settles, and is the parent of spans in the handler', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.slow');
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const { promise: handled, resolve: enter } = Promise.withResolvers<void>();
      const done = delivered(channel, queue, async (message) => {
        channel.raw.ack(message);
        enter();
        await gate;
        inSpan('query', () => {});
        return 'done';
      });
      channel.raw.sendToQueue(queue, body);
      await handled;
      await new Promise(setImmediate);
      expect(recorder.open().map(({ name }) => name)).toEqual(['process clew.slow']);
      open();
      await done;
      const spans = await recorder.take(3);
      expect(named(spans, 'query').parentSpanId).toBe(named(spans, 'process clew.slow').spanId);
    }));

  test('get: a receive span, whose context the application can use', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.fetched');
      channel.raw.sendToQueue(queue, body);
      channel.raw.sendToQueue(queue, body);
      await channel.ask('checkQueue', queue);
      const message = (await channel.get(queue, { noAck: true })) as Message;
      expect(message.content.equals(body)).toBe(true);
      context.with(messageContext(message), () => inSpan('handled', () => {}));
      const span = trace.getTracer('test').startSpan('poll');
      await context.with(trace.setSpan(context.active(), span), () => channel.get(queue, { noAck: true }));
      span.end();
      expect(await channel.get(queue, { noAck: true })).toBe(false);
      const spans = await recorder.take(6);
      const [firstSent, secondSent] = spans.filter(({ name }) => name === 'publish clew.fetched');
      const [first, second] = spans.filter(({ name }) => name === 'receive clew.fetched');
      expect(first).toMatchObject({ kind: SpanKind.CLIENT, parentSpanId: firstSent?.spanId });
      expect(first?.attributes['messaging.operation.type']).toBe('receive');
      expect(named(spans, 'handled').parentSpanId).toBe(first?.spanId);
      expect(second?.parentSpanId).toBe(named(spans, 'poll').spanId);
      expect(second?.links.map((link) => link.context.spanId)).toEqual([secondSent?.spanId]);
    }));

  test('the options and headers of the application are never changed, frozen ones work', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.frozen');
      const headers = Object.freeze({ traceparent: 'mine', tenant: 'a' });
      const options = Object.freeze({ headers, persistent: true });
      const received = delivered(channel, queue, ({ properties }) => properties.headers, { noAck: true });
      channel.raw.sendToQueue(queue, body, options);
      const { traceparent, tenant } = await received;
      expect(options).toEqual({ headers: { traceparent: 'mine', tenant: 'a' }, persistent: true });
      const [publish] = await recorder.take(2);
      expect(traceparent).toBe(`00-${publish?.traceId}-${publish?.spanId}-01`);
      expect(tenant).toBe('a');
    }));
});

test('a call about topology is a span only if it fails', () =>
  traced(newest, broker.url, {}, async (connection, channel) => {
    channel.raw.on('error', () => {});
    await inSpan('caller', () =>
      expect(channel.ask('checkQueue', 'clew.missing')).rejects.toThrow(/NOT_FOUND/),
    );
    const spans = await recorder.take(2);
    expect(named(spans, 'queue.declare clew.missing')).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanId: named(spans, 'caller').spanId,
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'NOT_FOUND' },
    });
    expect(connection.raw.listenerCount('close')).toBe(0);
  }));
