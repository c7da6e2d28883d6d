import { messageContext, processMessage } from '@clew/instrumentation-kafkajs';
import { recordSpans } from '@clew/testing';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { apis } from './apis.ts';
import {
  activeSpanId,
  brokerOfTests,
  type Client,
  named,
  newTopic,
  SoldOut,
  send,
  traced,
} from './traced.ts';

const broker = brokerOfTests();
const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  const run = (work: (client: Client) => Promise<void>, options: object = {}) =>
    traced(api, broker().brokers, work, options);

  test('a batch links to the spans of its messages; each message can have a span of its own', () =>
    run(async (client) => {
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1', '2');
      await send(producer, topic, '3');
      const inHandlers: (string | undefined)[] = [];
      const results: unknown[] = [];
      const later = Promise.withResolvers<readonly KafkaMessage[]>();
      const eachBatch = async ({ batch, resolveOffset, heartbeat }: EachBatchPayload) => {
        inHandlers.push(activeSpanId());
        for (const message of batch.messages) {
          const handle = async () => {
            await heartbeat();
            inHandlers.push(activeSpanId());
            if (String(message.value) === '2') throw new SoldOut('sold out');
            return String(message.value);
          };
          results.push(await processMessage(message, handle).catch((error: Error) => error.message));
          resolveOffset(message.offset);
        }
        later.resolve(batch.messages);
      };
      await client.consume([topic], { eachBatch });
      const messages = await later.promise;
      expect(results).toEqual(['1', 'sold out', '3']);
      const spans = await recorder.take(6);
      const sent = named(spans, `send ${topic}`);
      const [batch, ...own] = named(spans, `process ${topic}`);
      expect(batch?.parentSpanId).toBeUndefined();
      expect(batch?.attributes['messaging.batch.message_count']).toBe(3);
      expect(batch?.links.map((link) => link.context.spanId)).toEqual(sent.map(({ spanId }) => spanId));
      expect(inHandlers).toEqual([batch, ...own].map((span) => span?.spanId));
      const [one, two] = sent.map(({ spanId }) => spanId);
      expect(own.map(({ parentSpanId }) => parentSpanId)).toEqual([one, one, two]);
      for (const { links, attributes } of own) {
        expect(links.map((link) => link.context.spanId)).toEqual([batch?.spanId]);
        expect(attributes['messaging.destination.partition.id']).toBe('0');
      }
      expect(own.map(({ status }) => status.code)).toEqual([
        SpanStatusCode.UNSET,
        SpanStatusCode.ERROR,
        SpanStatusCode.UNSET,
      ]);
      const inContext = messages.map((message) => context.with(messageContext(message), activeSpanId));
      expect(inContext).toEqual(own.map(({ spanId }) => spanId));
      // Later, and once more: another span.
      processMessage(messages[0]!, () => {});
      await recorder.take(1);
    }));

  test('an unsampled delivery has no span, and its context', () =>
    run(async (client) => {
      recorder.sampling = 'none';
      const [producer, topic] = [await client.producer(), newTopic()];
      await send(producer, topic, '1', '2');
      const done = Promise.withResolvers<boolean[]>();
      const eachBatch = async ({ batch }: EachBatchPayload) =>
        done.resolve(
          batch.messages.map((message) =>
            processMessage(message, () => {
              const sent = String(message.headers?.traceparent);
              return sent.includes(trace.getActiveSpan()?.spanContext().traceId ?? 'none');
            }),
          ),
        );
      await client.consume([topic], { eachBatch });
      expect(await done.promise).toEqual([true, true]);
      await recorder.take(0);
      expect(recorder.wastedCalls).toBe(0);
    }));
});
