import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Recorder } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** A delivered message that its handler settles. */
export interface SettledMessage {
  accept(): void;
  /** Refuses the message, so that the broker delivers it again. */
  refuse(): void;
}

/** A connection with a queue whose messages must be settled. */
export interface SettlingConnection {
  send(): unknown;
  /** Called once. */
  consume(handler: (message: SettledMessage) => unknown): Promise<void>;
  close(): Promise<void>;
}

/** Tests of the settlement of messages; `open` opens a connection, or is the reason why messages are not settled. */
export function settlingTests(
  adapter: Pick<SubjectAdapter, 'instrument'>,
  recorder: Recorder,
  open: (() => Promise<SettlingConnection>) | string,
): SuiteTests {
  const connected = (work: (connection: SettlingConnection) => Promise<void>): Promise<void> =>
    tracing(adapter, {}, async () => {
      if (typeof open === 'string') throw new Error(open);
      const connection = await open();
      recorder.reset();
      try {
        await work(connection);
      } finally {
        await connection.close();
      }
    });

  /** Consumes, sends one message, and returns the first `count` deliveries; `settle` may settle them. */
  const delivered = (
    { consume, send }: SettlingConnection,
    settle: (message: SettledMessage, index: number) => void = () => {},
    count = 1,
  ): Promise<SettledMessage[]> =>
    new Promise((resolve, reject) => {
      const messages: SettledMessage[] = [];
      consume((message) => {
        settle(message, messages.push(message) - 1);
        if (messages.length === count) resolve(messages);
      })
        .then(send)
        .catch(reject);
    });

  const consumersOf = (spans: readonly RecordedSpan[]) =>
    spans.filter(({ kind }) => kind === SpanKind.CONSUMER);

  return {
    tests: {
      'the span of a message lasts until it is settled, even after its handler': () =>
        connected(async (connection) => {
          const [message] = await delivered(connection);
          assert.equal(recorder.open().filter(({ kind }) => kind === SpanKind.CONSUMER).length, 1);
          message?.accept();
          const [consumer] = consumersOf(await recorder.take(2));
          assert.equal(consumer?.status.code, SpanStatusCode.UNSET);
          assert.deepEqual(
            consumer?.events.map(({ name }) => name),
            ['ack'],
          );
        }),

      'a refused message fails, and is marked when it is delivered again': () =>
        connected(async (connection) => {
          await delivered(
            connection,
            (message, index) => (index === 0 ? message.refuse() : message.accept()),
            2,
          );
          const spans = await recorder.take(3);
          const [producer] = spans.filter(({ kind }) => kind === SpanKind.PRODUCER);
          const [refused, again] = consumersOf(spans);
          assert.equal(refused?.status.code, SpanStatusCode.ERROR);
          assert.equal(typeof refused?.attributes[ATTR.errorType], 'string');
          assert.equal(refused?.attributes[ATTR.messagingRedelivered], undefined);
          assert.equal(again?.status.code, SpanStatusCode.UNSET);
          assert.equal(again?.attributes[ATTR.messagingRedelivered], true);
          for (const each of [refused, again]) assert.equal(each?.parentSpanId, producer?.spanId);
        }),

      'the span of a message that is not settled ends with its connection': async () => {
        await connected(async (connection) => {
          await delivered(connection);
        });
        const [consumer] = consumersOf(await recorder.take(2));
        assert.equal(consumer?.status.code, SpanStatusCode.ERROR);
        assert.match(String(consumer?.attributes[ATTR.errorType]), /^(?:connection|channel)_closed$/);
      },
    },
    missing: typeof open === 'string' ? open : undefined,
  };
}
