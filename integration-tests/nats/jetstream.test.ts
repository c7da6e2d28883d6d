import { messageContext, NatsInstrumentation } from '@clew/instrumentation-nats';
import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { findNats, type Nats } from '../services/nats.ts';
import { apis, type JsMsg } from './apis.ts';
import { activeSpanId, eventsOf, spanOf, traced, withStream } from './traced.ts';

let server: Nats;
beforeAll(async () => {
  server = await findNats();
});
afterAll(() => server.stop());

const recorder = recordSpans();

describe.each(apis)('JetStream of $name', (api) => {
  test('a message is a PRODUCER span until it is stored, and a CONSUMER span until it is acknowledged', () =>
    traced(api, server.url, (connection) =>
      withStream(api, connection, async (jetstream, subject, stream) => {
        const caller = callerSpan();
        await within(caller, () => jetstream.publish(subject, '{}'));
        caller.end();
        const consumer = await jetstream.consumers.get(stream, 'worker');
        const acknowledged = Promise.withResolvers<string | undefined>();
        const callback = (message: JsMsg) => {
          const id = activeSpanId();
          message.working();
          setImmediate(() => {
            message.ack();
            acknowledged.resolve(id);
          });
        };
        const messages = await consumer.consume({ callback });
        const inHandler = await acknowledged.promise;
        await messages.close();
        const spans = await recorder.take(3);
        const producer = spanOf(spans, SpanKind.PRODUCER, `publish ${subject}`);
        const consuming = spanOf(spans, SpanKind.CONSUMER, `process ${subject}`);
        expect(producer.parentSpanId).toBe(caller.spanContext().spanId);
        expect(consuming.parentSpanId).toBe(producer.spanId);
        expect(inHandler).toBe(consuming.spanId);
        expect(eventsOf(consuming)).toEqual(['working', 'ack']);
        expect(consuming.attributes['messaging.consumer.group.name']).toBe('worker');
      }),
    ));

  test('a message that is not accepted fails, and its redelivery is marked; fetched in a loop', () =>
    traced(api, server.url, (connection) =>
      withStream(api, connection, async (jetstream, subject, stream) => {
        await jetstream.publish(subject, '{}');
        const consumer = await jetstream.consumers.get(stream, 'worker');
        const settle = [(m: JsMsg) => m.nak(), (m: JsMsg) => m.nak(1), (m: JsMsg) => m.term()];
        for (const each of settle) {
          for await (const message of await consumer.fetch({ max_messages: 1, expires: 5000 })) {
            const span = trace.getSpanContext(messageContext(message))?.spanId;
            expect(span).toBeDefined();
            each(message);
          }
        }
        const spans = await recorder.take(4);
        const consuming = spans.filter(({ kind }) => kind === SpanKind.CONSUMER);
        expect(consuming.map(({ attributes }) => attributes['error.type'])).toEqual(['nak', 'nak', 'term']);
        expect(consuming.map(({ attributes }) => attributes['clew.messaging.redelivered'])).toEqual([
          undefined,
          true,
          true,
        ]);
        for (const { status } of consuming) expect(status.code).toBe(SpanStatusCode.ERROR);
      }),
    ));

  test('next(), and an acknowledgement that the server confirms', () =>
    traced(api, server.url, (connection) =>
      withStream(api, connection, async (jetstream, subject, stream) => {
        await jetstream.publish(subject, '{}');
        const consumer = await jetstream.consumers.get(stream, 'worker');
        const message = await consumer.next({ expires: 5000 });
        expect(await message?.ackAck()).toBe(true);
        const spans = await recorder.take(2);
        expect(eventsOf(spanOf(spans, SpanKind.CONSUMER, `process ${subject}`))).toEqual(['ack']);
      }),
    ));

  test('a consumer without acknowledgements and an ordered one: the span ends with the handler', () =>
    traced(api, server.url, (connection) =>
      withStream(
        api,
        connection,
        async (jetstream, subject, stream) => {
          await jetstream.publish(subject, '{}');
          for (const name of ['worker', {}]) {
            const consumer = await jetstream.consumers.get(stream, name);
            const messages = await new Promise<{ close(): Promise<unknown> }>((resolve) => {
              const opened = consumer.consume({ callback: () => opened.then(resolve) });
            });
            await messages.close();
          }
          const spans = await recorder.take(3);
          const consuming = spans.filter(({ kind }) => kind === SpanKind.CONSUMER);
          expect(consuming.map(({ status }) => status.code)).toEqual([
            SpanStatusCode.UNSET,
            SpanStatusCode.UNSET,
          ]);
        },
        { ack_policy: 'none' },
      ),
    ));

  test('a message that is not settled ends when the connection closes', async () => {
    await traced(api, server.url, (connection) =>
      withStream(api, connection, async (jetstream, subject, stream) => {
        await jetstream.publish(subject, '{}');
        const consumer = await jetstream.consumers.get(stream, 'worker');
        await consumer.next({ expires: 5000 });
      }),
    );
    const spans = await recorder.take(2);
    const consuming = spans.filter(({ kind }) => kind === SpanKind.CONSUMER);
    expect(consuming.map(({ attributes }) => attributes['error.type'])).toEqual(['connection_closed']);
  });

  test('each disable() ends open spans, and each enable() starts to trace', async () => {
    const instrumentation = new NatsInstrumentation();
    api.instrument(instrumentation);
    const connection = await api.connect({ servers: server.url });
    await withStream(api, connection, async (jetstream, subject, stream) => {
      const consumer = await jetstream.consumers.get(stream, 'worker');
      for (let round = 0; round < 2; round++) {
        instrumentation.enable();
        await jetstream.publish(subject, '{}');
        const delivered = Promise.withResolvers<void>();
        const messages = await consumer.consume({ callback: () => delivered.resolve() });
        await delivered.promise;
        expect(recorder.open()).toMatchObject([{ kind: SpanKind.CONSUMER }]);
        instrumentation.disable();
        await recorder.take(2);
        await messages.close();
      }
    });
    await connection.close();
  });

  test('a stream that does not exist: the message fails, and the error reaches the application', () =>
    traced(api, server.url, async (connection) => {
      const failed = api.jetstream(connection).publish('clew.no.such.stream', '{}');
      await expect(failed).rejects.toThrow();
      const [producer] = await recorder.take(1);
      expect(producer?.status.code).toBe(SpanStatusCode.ERROR);
    }));
});
