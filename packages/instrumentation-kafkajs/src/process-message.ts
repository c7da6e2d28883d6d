import { messaging } from '@clew/core/plugin';
import { type Context, context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Clients } from './clients.ts';
import type { DeliveredMessage } from './kafkajs.ts';

/** What the messages of a batch have in common. */
interface Batch {
  readonly clients: Clients;
  readonly topic: string;
  readonly partition: number;
  readonly group: string | undefined;
}

/** The context of a batch, which is that of its messages as well, contains the batch. */
const BATCH = createContextKey('clew.kafkajs.batch');

/** The context of a batch's span. */
interface KnownBatch extends Batch {
  readonly context: Context;
}

/** The batches of messages that have been processed by themselves, which gives a message a context of its own. */
const batches = new WeakMap<object, KnownBatch>();

/** The context to start the span of a batch in. */
export function batchContext(batch: Batch): Context {
  return ROOT_CONTEXT.setValue(BATCH, batch);
}

/**
 * The context to process a message in, later than in its handler; for a message of a batch, that of the batch. The root
 * context if the message is not traced.
 *
 * @example
 * await context.with(messageContext(message), () => handle(message));
 */
export function messageContext(message: object): Context {
  return messaging.contextOf(message) ?? ROOT_CONTEXT;
}

/**
 * Processes one message of a batch: `handle` runs in a CONSUMER span of its own, which continues the trace of the message
 * and links to the span of the batch. Returns what `handle` returns. The span ends with `handle`, or with its promise. A
 * message of no batch is processed in its context, see {@link messageContext}.
 *
 * @example
 * await consumer.run({
 *   eachBatch: async ({ batch }) => {
 *     for (const message of batch.messages) await processMessage(message, () => handle(message));
 *   },
 * });
 */
export function processMessage<T>(message: object, handle: () => T): T {
  const own = messaging.contextOf(message);
  const batch = batches.get(message) ?? (own && batchIn(own));
  if (own === undefined) return handle();
  if (batch === undefined || !batch.clients.isActive) return context.with(own, handle);
  batches.set(message, batch);
  const { clients, topic, partition, group } = batch;
  const delivery = {
    topic,
    partition,
    group,
    message: message as DeliveredMessage,
    batch: trace.getSpanContext(batch.context),
  };
  return clients.messages.process(delivery, undefined, handle);
}

function batchIn(own: Context): KnownBatch | undefined {
  const batch = own.getValue(BATCH) as Batch | undefined;
  return batch && { ...batch, context: own };
}
