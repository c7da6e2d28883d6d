import assert from 'node:assert/strict';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { type Context, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type BatchConnection, batchTests } from './messaging-batch-tests.ts';
import { type SettlingConnection, settlingTests } from './messaging-settling-tests.ts';
import { prepareRecorder } from './recorder.ts';
import {
  barrier,
  callerSpan,
  currentSpanId,
  type Subject,
  type SubjectAdapter,
  shapeTests,
  tracing,
  within,
} from './subject.ts';
import { runSuite, type Skips, type SuiteTests } from './suite.ts';

/** A delivered message. */
export interface SuiteMessage {
  readonly headers: Readonly<Record<string, unknown>>;
  /** The library's own object. */
  readonly original: object;
}

/** A connection to a broker, with a queue that only the suite uses. */
export interface MessagingConnection {
  /** Sends a message to the queue. The library gets the same headers object. */
  send(headers?: Readonly<Record<string, unknown>>): unknown;
  /** Consumes the queue; called once. The adapter settles each message and returns what the handler returns. */
  consume(handler: (message: SuiteMessage) => unknown): Promise<void>;
  close(): Promise<void>;
}

/** How the suite uses a messaging library. */
export interface MessagingAdapter extends SubjectAdapter {
  /** `amqplib` */
  readonly name: string;
  readonly skips?: Skips;
  /** `messaging.system` of the spans. */
  readonly system: string;
  /** The context of a delivered message, from the API of the plugin. */
  contextOf(message: SuiteMessage): Context;
  /** The length of a header with which a message is as large as the library allows, within 100 bytes; or why there is no such length. */
  readonly longestHeader: number | string;
  open(): Promise<MessagingConnection>;
  /** Opens a connection whose messages the suite settles; or why there is none. */
  readonly openSettling: (() => Promise<SettlingConnection>) | string;
  /** Opens a connection whose consumer processes batches; or why there is none. */
  readonly openBatches: (() => Promise<BatchConnection>) | string;
}

/** The tests of every plugin for a messaging library. */
export function messagingSuite(adapter: MessagingAdapter): void {
  const recorder = prepareRecorder();

  const connected = <T>(
    work: (connection: MessagingConnection, subject: Subject) => Promise<T>,
  ): Promise<T> =>
    tracing(adapter, {}, async (subject) => {
      const connection = await adapter.open();
      recorder.reset();
      try {
        return await work(connection, subject);
      } finally {
        await connection.close();
      }
    });

  /** Consumes, calls `send`, and returns the results of the handler for the first `count` messages. */
  const delivered = <T>(
    { consume }: MessagingConnection,
    send: () => unknown,
    handle: (message: SuiteMessage) => T,
    count = 1,
  ): Promise<T[]> =>
    new Promise((resolve, reject) => {
      const results: T[] = [];
      consume((message) => {
        const result = handle(message);
        results.push(result);
        if (results.length === count) resolve(results);
        return result;
      })
        .then(send)
        .catch(reject);
    });

  const tests: SuiteTests['tests'] = {
    'a message is a PRODUCER span, and its delivery a CONSUMER child span': () =>
      connected(async (connection) => {
        const caller = callerSpan();
        const [inHandler] = await delivered(
          connection,
          () => within(caller, () => connection.send()),
          currentSpanId,
        );
        caller.end();
        const [own, producer, consumer] = await recorder.take(3);
        assert.equal(producer?.kind, SpanKind.PRODUCER);
        assert.equal(producer.parentSpanId, own?.spanId);
        assert.equal(producer.attributes[ATTR.messagingSystem], adapter.system);
        assert.equal(consumer?.kind, SpanKind.CONSUMER);
        assert.equal(consumer.parentSpanId, producer.spanId);
        assert.equal(consumer.status.code, SpanStatusCode.UNSET);
        assert.equal(inHandler, consumer.spanId);
      }),

    'a message that is sent again has only its new context, and the headers object is unchanged': () =>
      connected(async (connection) => {
        const old = Object.freeze({
          own: 'kept',
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          tracestate: 'old=1',
          baggage: 'user=eve',
        });
        const copy = { ...old };
        const [headers] = await delivered(
          connection,
          () => connection.send(old),
          (message) => message.headers,
        );
        const [producer] = await recorder.take(2);
        assert.equal(headers?.traceparent, `00-${producer?.traceId}-${producer?.spanId}-01`);
        assert.deepEqual(
          [headers?.own, headers?.tracestate, headers?.baggage],
          ['kept', undefined, undefined],
        );
        assert.deepEqual(old, copy);
      }),

    ...Object.fromEntries(
      (['all', 'none'] as const).map((sampling) => [
        `the context of a message is known after its handler (sampled: ${sampling})`,
        () =>
          connected(async (connection) => {
            recorder.sampling = sampling;
            const send = () => {
              for (const user of ['ada', 'eve']) {
                const baggage = propagation.createBaggage({ user: { value: user } });
                context.with(propagation.setBaggage(context.active(), baggage), () => connection.send());
              }
            };
            const messages = await delivered(connection, send, (message) => message, 2);
            const contexts = messages.map((message) => adapter.contextOf(message));
            const users = contexts.map((each) => propagation.getBaggage(each)?.getEntry('user')?.value);
            assert.deepEqual(users.sort(), ['ada', 'eve']);
            const sent = messages.map(({ headers }) => String(headers.traceparent).slice(3, 35));
            assert.deepEqual(
              contexts.map((each) => trace.getSpanContext(each)?.traceId),
              sent,
            );
            await recorder.take(sampling === 'all' ? 4 : 0);
          }),
      ]),
    ),

    'handlers that run at the same time keep their own spans, until their promises settle': () =>
      connected(async (connection) => {
        const together = barrier(2);
        const handle = async () => {
          const before = currentSpanId();
          await together();
          return [before, currentSpanId()];
        };
        const send = async () => {
          await connection.send();
          await connection.send();
        };
        const seen = await Promise.all(await delivered(connection, send, handle, 2));
        const consumers = (await recorder.take(4)).filter(({ kind }) => kind === SpanKind.CONSUMER);
        const ids = consumers.map(({ spanId }) => spanId).sort();
        assert.deepEqual(seen.map(([before]) => before).sort(), ids);
        for (const [before, after] of seen) assert.equal(after, before);
      }),

    'after disable(), a consumer that was started before creates no spans': () =>
      connected(async (connection, subject) => {
        const send = () => {
          subject.disable();
          return connection.send();
        };
        const [inHandler] = await delivered(connection, send, currentSpanId);
        assert.equal(inHandler, 'none');
        await recorder.take(0);
      }),

    'a message that is sent while tracing is suppressed has no span and no headers of the trace': () =>
      connected(async (connection) => {
        const send = () =>
          context.with(suppressTracing(context.active()), () => connection.send({ own: 'kept' }));
        const [headers] = await delivered(connection, send, (message) => message.headers);
        assert.deepEqual({ ...headers }, { own: 'kept' });
        const spans = await recorder.take(1);
        assert.equal(spans[0]?.kind, SpanKind.CONSUMER);
        assert.equal(spans[0]?.parentSpanId, undefined);
      }),
  };

  const { longestHeader } = adapter;
  const fullMessages: SuiteTests = {
    tests: {
      'a message of the maximum size is delivered without a context': () =>
        connected(async (connection) => {
          const long = 'x'.repeat(Number(longestHeader));
          const [headers] = await delivered(
            connection,
            () => connection.send({ long }),
            (message) => message.headers,
          );
          assert.deepEqual({ ...headers }, { long });
          await recorder.take(2);
        }),
    },
    missing: typeof longestHeader === 'string' ? longestHeader : undefined,
  };

  runSuite({
    name: `${adapter.name} as a messaging library`,
    skips: adapter.skips,
    recorder,
    tests,
    parts: [
      fullMessages,
      settlingTests(adapter, recorder, adapter.openSettling),
      batchTests(adapter, recorder, adapter.openBatches),
      shapeTests(adapter),
    ],
  });
}
