import { isTracingSuppressed } from '@clew/core';
import { type AnyFunction, currentContext, dress, guard } from '@clew/core/plugin';
import type { Connections } from './connections.ts';
import { readJetStream, readPlain } from './deliveries.ts';
import type { Connection, JetStreamSource, JsMsg } from './nats.ts';
import { patchIterators } from './patch-iterators.ts';

interface SubscribeOptions {
  readonly callback?: AnyFunction;
  readonly queue?: string;
}

type Subscribe = (this: Connection, subject: string, options?: SubscribeOptions) => object;
type Consume = (this: JetStreamSource, options?: SubscribeOptions) => unknown;

/** Patches `subscribe` in the class of connections. A subscription leads to the class of iterators. */
export function patchSubscribe(prototype: object, connections: Connections): void {
  const { tools } = connections;
  tools.wrap<Subscribe>(
    prototype,
    'subscribe',
    (subscribe) =>
      function (subject, options) {
        const { callback } = options ?? {};
        const traced =
          typeof callback === 'function' && !isTracingSuppressed(currentContext())
            ? { ...options, callback: plainCallback(connections, callback, subject, options?.queue) }
            : options;
        const subscription = subscribe.call(this, subject, traced);
        guard(`${tools.name}: subscribing`, () => patchIterators(subscription, connections));
        return subscription;
      },
  );
}

/** Patches a class of JetStream's consumers. */
export function patchConsumer(prototype: object, connections: Connections): void {
  connections.tools.wrap<Consume>(
    prototype,
    'consume',
    (consume) =>
      function (options) {
        const { callback } = options ?? {};
        if (typeof callback !== 'function') return consume.call(this, options);
        const source = this;
        const traced = function (this: unknown, item: unknown) {
          const delivery = guard('a message', () => readJetStream(connections, item as JsMsg, source));
          return connections.process(delivery, () => Reflect.apply(callback, this as never, [item] as never));
        };
        return consume.call(this, { ...options, callback: dress(traced, callback) });
      },
  );
}

function plainCallback(
  connections: Connections,
  callback: AnyFunction,
  subject: string,
  group: string | undefined,
): AnyFunction {
  const traced = function (this: unknown, error: unknown, msg: unknown) {
    const delivery = error
      ? undefined
      : guard('a message', () => readPlain(connections, msg, subject, group));
    return connections.process(delivery, () => Reflect.apply(callback, this as never, [error, msg] as never));
  };
  return dress(traced, callback);
}
