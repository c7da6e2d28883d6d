import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import type { Recorder } from './recorder.ts';
import { currentSpanId, type SubjectAdapter, tracing } from './subject.ts';
import type { SuiteTests } from './suite.ts';

/** A connection whose consumer processes several messages at once. */
export interface BatchConnection {
  send(): unknown;
  /** Called once. Calls the handler with the first `size` messages together, and settles them afterwards. */
  consume(size: number, handler: () => unknown): Promise<void>;
  close(): Promise<void>;
}

const SIZE = 3;

/** Tests of batches; `open` opens a connection, or is the reason why there are no batches. */
export function batchTests(
  adapter: Pick<SubjectAdapter, 'instrument'>,
  recorder: Recorder,
  open: (() => Promise<BatchConnection>) | string,
): SuiteTests {
  return {
    tests: {
      'a batch is one CONSUMER span that links to the span of each message': () =>
        tracing(adapter, {}, async () => {
          if (typeof open === 'string') throw new Error(open);
          const connection = await open();
          recorder.reset();
          try {
            const inHandler = await new Promise((resolve, reject) => {
              connection
                .consume(SIZE, () => resolve(currentSpanId()))
                .then(async () => {
                  for (let count = 0; count < SIZE; count++) await connection.send();
                })
                .catch(reject);
            });
            const spans = await recorder.take(SIZE + 1);
            const producers = spans.filter(({ kind }) => kind === SpanKind.PRODUCER);
            const [batch] = spans.filter(({ kind }) => kind === SpanKind.CONSUMER);
            assert.equal(producers.length, SIZE);
            assert.equal(inHandler, batch?.spanId);
            assert.equal(batch?.parentSpanId, undefined);
            assert.deepEqual(
              batch?.links.map(({ context: { traceId, spanId } }) => [traceId, spanId]),
              producers.map(({ traceId, spanId }) => [traceId, spanId]),
            );
            assert.equal(batch?.attributes[ATTR.messagingBatchMessageCount], SIZE);
          } finally {
            await connection.close();
          }
        }),
    },
    missing: typeof open === 'string' ? open : undefined,
  };
}
