import { isTracingSuppressed } from '@clew/core';
import { type AnyFunction, currentContext, dress, ownMethod } from '@clew/core/plugin';
import { context } from '@opentelemetry/api';
import type { Clients } from './clients.ts';
import { copyOf, type EachBatchPayload, type EachMessagePayload, READ } from './kafkajs.ts';
import type { Inbound } from './kafkajs-view.ts';
import { batchContext } from './process-message.ts';

interface RunConfig {
  readonly eachMessage?: unknown;
  readonly eachBatch?: unknown;
}

type Trace<Payload> = (payload: Payload, handle: () => unknown) => unknown;

/** Traces a consumer, whose methods belong to the object itself. */
export function traceConsumer(consumer: object, group: string | undefined, clients: Clients): void {
  const eachMessage: Trace<EachMessagePayload> = ({ topic, partition, message }, handle) =>
    clients.messages.process({ topic, partition, message, group }, undefined, handle);

  /** The span of a batch has no parent: the current context is that of the code that has started the consumer. */
  const eachBatch: Trace<EachBatchPayload> = ({ batch }, handle) => {
    if (isTracingSuppressed(currentContext())) return handle();
    const { topic, partition } = batch;
    const own = batchContext({ clients, topic, partition, group });
    const deliveries = batch.messages.map((message): Inbound => ({ topic, partition, message, group }));
    return context.with(own, () => clients.messages.processBatch(deliveries, [], handle));
  };

  ownMethod(consumer, 'run', (run) => (...args) => {
    const [config, ...rest] = args as [RunConfig | undefined, ...unknown[]];
    if (!clients.isActive || typeof config !== 'object' || config === null) return run(...args);
    const traced = {
      ...traceHandler(clients, 'eachMessage', config.eachMessage, eachMessage),
      ...traceHandler(clients, 'eachBatch', config.eachBatch, eachBatch),
    };
    return run(copyOf(config, READ.run, traced), ...rest);
  });

  ownMethod(
    consumer,
    'commitOffsets',
    (commit) =>
      (...args) =>
        clients.recordFailure(
          () => clients.actions().commit(topicOf(args[0])),
          () => commit(...args),
        ),
  );
}

/** The handler to give to the library, under its name; nothing if the application has none. */
function traceHandler<Payload>(
  clients: Clients,
  name: string,
  handler: unknown,
  trace: Trace<Payload>,
): object {
  if (typeof handler !== 'function') return {};
  const traced = function (this: unknown, payload: Payload): unknown {
    const handle = () => Reflect.apply(handler, this, [payload]) as unknown;
    return clients.isActive ? trace(payload, handle) : handle();
  };
  return { [name]: dress(traced as AnyFunction, handler as AnyFunction) };
}

/** The topic of all committed offsets; empty if there are several. */
function topicOf(offsets: unknown): string {
  if (!Array.isArray(offsets)) return '';
  const topics = new Set(offsets.map((each: { readonly topic?: unknown } | null) => each?.topic));
  const [topic] = topics;
  return topics.size === 1 && typeof topic === 'string' ? topic : '';
}
