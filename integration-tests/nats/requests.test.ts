import { messageContext } from '@clew/instrumentation-nats';
import { callerSpan, recordSpans, within } from '@clew/testing';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { findNats, type Nats } from '../services/nats.ts';
import { apis, type Callback } from './apis.ts';
import { activeSpanId, newSubject, spanOf, traced } from './traced.ts';

let server: Nats;
beforeAll(async () => {
  server = await findNats();
});
afterAll(() => server.stop());

const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  test('a request is a CLIENT span until its reply, and a SERVER child span in its handler', () =>
    traced(api, server.url, async (connection) => {
      const subject = newSubject();
      let inHandler: string | undefined;
      const callback: Callback = async (_, message) => {
        inHandler = activeSpanId();
        await connection.flush();
        message.respond('42');
      };
      connection.subscribe(subject, { callback, queue: 'workers' });
      const caller = callerSpan();
      const reply = await within(caller, () => connection.request(subject, '[20,22]', { timeout: 5000 }));
      caller.end();
      expect(Buffer.from(reply.data).toString()).toBe('42');
      const spans = await recorder.take(3);
      const [client, serving] = [
        spanOf(spans, SpanKind.CLIENT, subject),
        spanOf(spans, SpanKind.SERVER, subject),
      ];
      expect(client.parentSpanId).toBe(caller.spanContext().spanId);
      expect(serving.parentSpanId).toBe(client.spanId);
      expect(inHandler).toBe(serving.spanId);
      expect(serving.attributes).toMatchObject({
        'rpc.system.name': 'nats',
        'rpc.method': subject,
        'messaging.system': 'nats',
        'messaging.destination.name': subject,
        'messaging.consumer.group.name': 'workers',
        'server.address': '127.0.0.1',
      });
      for (const { status } of [client, serving]) expect(status.code).toBe(SpanStatusCode.UNSET);
    }));

  test('a request without a subscription, and one without a reply in time, fail with the reason', () =>
    traced(api, server.url, async (connection) => {
      const [unserved, silent] = [newSubject(), newSubject()];
      connection.subscribe(silent, { callback: () => {} });
      const refused = await connection
        .request(unserved, '', { timeout: 5000 })
        .catch((error: Error) => error);
      const late = await connection.request(silent, '', { timeout: 500 }).catch((error: Error) => error);
      expect([refused, late].every((each) => each instanceof Error)).toBe(true);
      const spans = await recorder.take(3);
      expect(spanOf(spans, SpanKind.CLIENT, unserved).attributes['error.type']).toBe('no_responders');
      const failed = spanOf(spans, SpanKind.CLIENT, silent);
      expect(failed.attributes['error.type']).toBe('timeout');
      expect(failed.status.code).toBe(SpanStatusCode.ERROR);
      expect(spanOf(spans, SpanKind.SERVER, silent).status.code).toBe(SpanStatusCode.UNSET);
    }));

  test.each([false, true])(
    'several replies to one request: its span ends with the last one (noMux: %s)',
    (noMux) =>
      traced(api, server.url, async (connection) => {
        const subject = newSubject();
        for (const reply of ['1', '2']) {
          const callback: Callback = (_, message) => message.respond(reply);
          connection.subscribe(subject, { callback });
        }
        const options = { strategy: 'count', maxMessages: 2, maxWait: 5000, noMux };
        const replies: string[] = [];
        for await (const { data } of await connection.requestMany(subject, '', options))
          replies.push(Buffer.from(data).toString());
        expect(replies.sort()).toEqual(['1', '2']);
        const spans = await recorder.take(3);
        const client = spanOf(spans, SpanKind.CLIENT, subject);
        const serving = spans.filter(({ kind }) => kind === SpanKind.SERVER);
        // Without the multiplexer, nats 2 sends no headers.
        const isBelow = !noMux || !api.name.startsWith('nats');
        expect(serving.map(({ parentSpanId }) => parentSpanId === client.spanId)).toEqual([isBelow, isBelow]);
      }),
  );

  test('a loop over a subscription: each message has a span, replies belong to it, messageContext returns its context', () =>
    traced(api, server.url, async (connection) => {
      const subject = newSubject();
      const subscription = connection.subscribe(`${subject}.*`);
      const loop = (async () => {
        for await (const message of subscription) {
          await context.with(messageContext(message), async () =>
            trace.getTracer('t').startSpan('work').end(),
          );
          message.respond(message.subject.slice(-1));
          if (message.subject.endsWith('b')) break;
        }
      })();
      await connection.flush();
      for (const each of ['a', 'b']) await connection.request(`${subject}.${each}`, '', { timeout: 5000 });
      await loop;
      const spans = await recorder.take(6);
      const serving = spans.filter(({ kind }) => kind === SpanKind.SERVER);
      expect(serving.map(({ name }) => name)).toEqual([`${subject}.*`, `${subject}.*`]);
      const work = spans.filter(({ name }) => name === 'work');
      expect(work.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
        serving.map(({ spanId }) => spanId).sort(),
      );
      for (const each of ['a', 'b']) {
        const client = spanOf(spans, SpanKind.CLIENT, `${subject}.${each}`);
        expect(serving.filter(({ parentSpanId }) => parentSpanId === client.spanId).length).toBe(1);
      }
    }));

  test('a request that is not sampled creates no spans, in a callback or in a loop', () =>
    traced(api, server.url, async (connection) => {
      recorder.sampling = 'none';
      const [called, looped] = [newSubject(), newSubject()];
      const callback: Callback = (_, message) => message.respond('1');
      connection.subscribe(called, { callback });
      const subscription = connection.subscribe(looped);
      const loop = (async () => {
        for await (const message of subscription) {
          message.respond('2');
          break;
        }
      })();
      await connection.flush();
      for (const each of [called, looped]) await connection.request(each, '', { timeout: 5000 });
      await loop;
      await recorder.take(0);
    }));
});
