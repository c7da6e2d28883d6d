import { recordSpans } from '@clew/testing';
import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message, newest } from './apis.ts';
import { createClient, serve, type Way } from './rpc-pair.ts';
import { activeSpanId, body, inSpan, named, traced, until } from './traced.ts';

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

  test('an unsampled call sends its context, and the handler of the reply runs in the context of the caller', () =>
    traced(newest, broker.url, {}, async (connection, channel) => {
      const queue = await channel.queue('clew.rpc-unsampled');
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
