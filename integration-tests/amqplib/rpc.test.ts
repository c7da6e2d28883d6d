import { recordSpans } from '@clew/testing';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message, newest } from './apis.ts';
import { createClient, serve, type Way } from './rpc-pair.ts';
import { activeSpanId, body, delivered, inSpan, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

const ways: Way[] = ['direct', 'exclusive', 'shared'];
const cases = apis.flatMap((api) => ways.map((way) => [api.name, way, api] as const));

describe.each(cases)('%s, %s replies', (_name, way, api) => {
  test('a call is a CLIENT and a SERVER span, and the handler of the reply runs in the context of the caller', () =>
    traced(api, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.rpc');
      const serverChannel = await connection.channel();
      let inServer: string | undefined;
      await serve(serverChannel, queue, () => {
        inServer = activeSpanId();
        return inSpan('work', () => 'seven');
      });
      let inReply: string | undefined;
      const client = await createClient(channel, way, () => {
        inReply = activeSpanId();
      });
      const reply = await inSpan('caller', () => client.call(queue, body));
      expect(reply.content.toString()).toBe('seven');
      const spans = await recorder.take(4);
      const [caller, work] = [named(spans, 'caller'), named(spans, 'work')];
      const [client1, server1] = spans.filter(({ name }) => name === 'clew.rpc');
      expect(client1).toMatchObject({
        kind: SpanKind.CLIENT,
        parentSpanId: caller.spanId,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          'rpc.system.name': 'amqp',
          'rpc.method': 'clew.rpc',
          'messaging.system': 'rabbitmq',
          'messaging.destination.name': 'clew.rpc',
          'server.address': '127.0.0.1',
        },
      });
      expect(server1).toMatchObject({
        kind: SpanKind.SERVER,
        parentSpanId: client1?.spanId,
        traceId: caller.traceId,
        events: [{ name: 'ack' }],
      });
      expect(work.parentSpanId).toBe(server1?.spanId);
      expect(inServer).toBe(server1?.spanId);
      expect(inReply).toBe(caller.spanId);
      expect(client1!.endTimeMs).toBeGreaterThanOrEqual(server1!.startTimeMs);
    }));
});

describe('calls', () => {
  test('many calls at once, with replies in another order: each span belongs to its own call', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.many');
      const serverChannel = await connection.channel();
      const requests: Message[] = [];
      await serverChannel.consume(queue, (message) => {
        requests.push(message!);
        if (requests.length < 50) return;
        for (const { properties, content } of requests.reverse()) {
          serverChannel.raw.sendToQueue(properties.replyTo!, content, {
            correlationId: properties.correlationId,
          });
        }
        serverChannel.raw.ackAll();
      });
      const back = new Map<string, string | undefined>();
      const client = await createClient(channel, 'direct', ({ content }) => {
        back.set(content.toString(), activeSpanId());
      });
      const callers = new Map<string, string | undefined>();
      const calls = Array.from({ length: 50 }, (_, index) =>
        inSpan(`caller ${index}`, () => {
          callers.set(String(index), activeSpanId());
          return client.call(queue, Buffer.from(String(index)), { type: `method ${index}` });
        }),
      );
      const replies = await Promise.all(calls);
      expect(replies.map(({ content }) => Number(content))).toEqual(calls.map((_, index) => index));
      expect(back).toEqual(callers);
      const spans = await recorder.take(150);
      for (const index of calls.keys()) {
        const [client, server] = spans.filter(({ name }) => name === `method ${index}`);
        expect(client?.parentSpanId).toBe(callers.get(String(index)));
        expect(server?.parentSpanId).toBe(client?.spanId);
      }
    }));

  test('a call without a reply in time ends with a timeout; the handler of a late reply runs in the context of the caller', () =>
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

  test('two replies: the first ends the call, the second is a message of the same trace', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.twice');
      const serverChannel = await connection.channel();
      await serverChannel.consume(queue, (message) => {
        const { replyTo, correlationId } = message!.properties;
        serverChannel.raw.sendToQueue(replyTo!, Buffer.from('1'), { correlationId });
        serverChannel.raw.sendToQueue(replyTo!, Buffer.from('2'), { correlationId });
        serverChannel.raw.ackAll();
      });
      const replies: string[] = [];
      const client = await createClient(channel, 'exclusive', ({ content }) => {
        replies.push(content.toString());
      });
      await client.call(queue, body);
      await until('both replies', () => replies.length === 2);
      const [call, served, second] = await recorder.take(3);
      expect(call).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
      expect(second).toMatchObject({
        name: 'process (temporary)',
        parentSpanId: served?.spanId,
        traceId: call?.traceId,
        attributes: { 'messaging.destination.name': client.replyTo },
      });
    }));

  test('a request that cannot be routed: the call ends with the reason of the broker', () =>
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

  test('the same id on two channels: each reply ends its own call', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.same');
      const serverChannel = await connection.channel();
      await serve(serverChannel, queue, ({ content }) => content);
      const other = await connection.channel();
      const [one, two] = [await createClient(channel, 'direct'), await createClient(other, 'direct')];
      const [first, second] = await Promise.all([
        inSpan('first', () => one.call(queue, Buffer.from('one'), { type: 'one' }, '1')),
        inSpan('second', () => two.call(queue, Buffer.from('two'), { type: 'two' }, '1')),
      ]);
      expect([first.content.toString(), second.content.toString()]).toEqual(['one', 'two']);
      const spans = await recorder.take(6);
      for (const [name, caller] of [
        ['one', 'first'],
        ['two', 'second'],
      ] as const) {
        const [call, served] = spans.filter((span) => span.name === name);
        expect(call?.parentSpanId).toBe(named(spans, caller).spanId);
        expect(served?.parentSpanId).toBe(call?.spanId);
      }
    }));

  test('a failure that an envelope reports is recorded on both spans', () =>
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

  test('the SERVER span of a rejected request does not wait for a reply', () =>
    traced(newest, broker.url, { callTimeoutMs: 50 }, async (connection, channel) => {
      const queue = await channel.queue('clew.refused');
      const serverChannel = await connection.channel();
      await serverChannel.consume(queue, (message) => serverChannel.raw.reject(message!, false));
      const client = await createClient(channel, 'direct');
      void client.call(queue, body);
      const [call, served] = await recorder.take(2);
      expect(call?.attributes['error.type']).toBe('timeout');
      expect(served).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'error.type': 'reject' } });
    }));

  test('an unsampled call sends its context, and the handler of the reply runs in the context of the caller', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.unsampled');
      const serverChannel = await connection.channel();
      let header: unknown;
      await serve(serverChannel, queue, ({ properties }) => {
        header = properties.headers.traceparent;
        return 'ok';
      });
      let inReply: string | undefined;
      const client = await createClient(channel, 'direct', () => {
        inReply = propagation.getActiveBaggage()?.getEntry('user')?.value ?? activeSpanId();
      });
      recorder.sampling = 'none';
      let caller: string | undefined;
      await inSpan('caller', () => {
        caller = trace.getActiveSpan()?.spanContext().spanId;
        return client.call(queue, body);
      });
      expect(inReply).toBe(caller);
      expect(header).toMatch(/-00$/);
      expect(recorder.wastedCalls).toBe(0);
      expect(recorder.spans()).toEqual([]);
    }));
});
