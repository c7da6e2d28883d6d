import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { findNats, type Nats } from '../services/nats.ts';
import { apis, type Callback, type Msg } from './apis.ts';
import { activeSpanId, newSubject, spanOf, traced, withStream } from './traced.ts';

let server: Nats;
beforeAll(async () => {
  server = await findNats();
});
afterAll(() => server.stop());

const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  /** Subscribes, calls `send`, and returns the first message. */
  const first = (
    connection: Parameters<Parameters<typeof traced>[2]>[0],
    subject: string,
    send: () => unknown,
    options: object = {},
  ) =>
    new Promise<Msg>((resolve, reject) => {
      const callback: Callback = (error, message) => (error ? reject(error) : resolve(message));
      connection.subscribe(subject, { ...options, callback });
      connection.flush().then(send).catch(reject);
    });

  test('frozen options work, and neither they nor the headers in them are changed', () =>
    traced(api, server.url, (connection) =>
      withStream(api, connection, async (jetstream, stored) => {
        const [subject, called] = [newSubject(), newSubject()];
        const headers = api.headers();
        headers.set('own', 'kept');
        const reply = api.headers();
        const callback: Callback = (_, message) => message.respond('1', Object.freeze({ headers: reply }));
        connection.subscribe(called, { callback });
        const options = Object.freeze({ headers });
        const message = await first(connection, subject, () => connection.publish(subject, '', options));
        expect(message.headers?.get('own')).toBe('kept');
        expect(message.headers?.get('traceparent')).not.toBe('');
        await connection.request(called, '', Object.freeze({ headers, timeout: 5000 }));
        await jetstream.publish(stored, '', Object.freeze({ headers, msgID: '7' }));
        expect(headers.keys()).toEqual(['own']);
        expect(reply.keys()).toEqual([]);
        await recorder.take(5);
      }),
    ));

  test('a server without headers gets messages without a context', () =>
    traced(api, server.url, async (connection) => {
      const { protocol } = connection as unknown as { protocol: { info: { headers: boolean } } };
      protocol.info.headers = false;
      const subject = newSubject();
      const message = await first(connection, subject, () => connection.publish(subject, '{}'));
      expect(message.headers).toBeUndefined();
      await recorder.take(2);
    }));

  test('one member of a queue group gets a message, and its span names the group', () =>
    traced(api, server.url, async (connection) => {
      const subject = newSubject();
      connection.subscribe(subject, { queue: 'workers', callback: () => {} });
      connection.subscribe(subject, { queue: 'workers', callback: () => {} });
      connection.publish(subject, '{}');
      await connection.flush();
      const spans = await recorder.take(2);
      const consumer = spanOf(spans, SpanKind.CONSUMER, `process ${subject}`);
      expect(consumer.attributes['messaging.consumer.group.name']).toBe('workers');
    }));

  test('a message that is not sent fails with the error that the application gets', () =>
    traced(api, server.url, async (connection) => {
      const subject = newSubject();
      await connection.close();
      expect(() => connection.publish(subject, '{}')).toThrow();
      await expect(connection.request(subject, '{}')).rejects.toThrow();
      const spans = await recorder.take(2);
      for (const { status } of spans) expect(status.code).toBe(SpanStatusCode.ERROR);
    }));

  test('a request that is made with publish and an inbox is a CLIENT span until the reply, which has the context of the caller', () =>
    traced(api, server.url, async (connection) => {
      const [subject, inbox] = [newSubject(), `_INBOX.${newSubject()}`];
      const callback: Callback = (_, message) => message.respond('1');
      connection.subscribe(subject, { callback });
      const inReply = await new Promise((resolve) => {
        connection.subscribe(inbox, { callback: () => resolve(activeSpanId()) });
        connection.publish(subject, '', { reply: inbox });
      });
      expect(inReply).toBeUndefined();
      const spans = await recorder.take(2);
      const [client, serving] = [
        spanOf(spans, SpanKind.CLIENT, subject),
        spanOf(spans, SpanKind.SERVER, subject),
      ];
      expect(serving.parentSpanId).toBe(client.spanId);
      expect(client.status.code).toBe(SpanStatusCode.UNSET);
    }));

  test('options: ignored subjects, links instead of parents, templates', () => {
    const [ignored, linked] = [newSubject(), `${newSubject()}.of.ada`];
    const template = linked.replace('ada', '{name}');
    const options = { ignore: [ignored], useLinksForConsume: true, destinationTemplates: [template] };
    return traced(
      api,
      server.url,
      async (connection) => {
        await first(connection, ignored, () => connection.publish(ignored, ''));
        await first(connection, linked, () => connection.publish(linked, ''));
        const spans = await recorder.take(2);
        const producer = spanOf(spans, SpanKind.PRODUCER, `publish ${template}`);
        const consumer = spanOf(spans, SpanKind.CONSUMER, `process ${template}`);
        expect(consumer.parentSpanId).toBeUndefined();
        expect(consumer.links.map(({ context }) => context.spanId)).toEqual([producer.spanId]);
      },
      options,
    );
  });
});
