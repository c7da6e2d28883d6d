import { isTracingSuppressed } from '@clew/core';
import { type AnyFunction, contextOfMessage, currentContext, dress, guard } from '@clew/core/plugin';
import type { Connections } from './connections.ts';
import {
  acksEach,
  type Connection,
  isServersOwn,
  type JetStreamSource,
  type JsMsg,
  type Msg,
  protocolOf,
  type Subscription,
} from './nats.ts';
import type { Inbound } from './nats-view.ts';
import { patchRespond } from './patch-sending.ts';
import { settle } from './settle.ts';

interface SubscribeOptions {
  readonly callback?: AnyFunction;
  readonly queue?: string;
}

type Subscribe = (this: Connection, subject: string, options?: SubscribeOptions) => object;
type Consume = (this: JetStreamSource, options?: SubscribeOptions) => unknown;
type Iterate = (this: Subscription, ...args: unknown[]) => AsyncIterator<unknown>;
type AckAck = (this: JsMsg, ...args: unknown[]) => unknown;

/** Patches the class of connections: `subscribe`. The iterators of all kinds come from one class. */
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
        const process = (item: unknown, handle: () => unknown) => {
          const delivery = guard('a message', () => readJetStream(connections, item as JsMsg, this));
          return delivery === undefined
            ? handle()
            : delivery.connection.messages.process(delivery, connections.tagOf(delivery.msg), handle);
        };
        const traced = function (this: unknown, item: unknown) {
          return process(item, () => Reflect.apply(callback, this as never, [item] as never));
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
    const handle = () => Reflect.apply(callback, this as never, [error, msg] as never);
    const delivery = error
      ? undefined
      : guard('a message', () => readPlain(connections, msg, subject, group));
    return delivery === undefined
      ? handle()
      : delivery.connection.messages.process(delivery, undefined, handle);
  };
  return dress(traced, callback);
}

function patchIterators(subscription: object, connections: Connections): void {
  let prototype = Object.getPrototypeOf(subscription) as object | null;
  while (prototype !== null && !Object.hasOwn(prototype, 'iterate'))
    prototype = Object.getPrototypeOf(prototype);
  if (prototype === null) return;
  const found = prototype;
  connections.tools.once(found, () =>
    connections.tools.wrap<Iterate>(
      found,
      'iterate',
      (iterate) =>
        function (...args) {
          const iterator = Reflect.apply(iterate, this, args);
          guard('an iterator', () => traceIterator(connections, this, iterator));
          return iterator;
        },
    ),
  );
}

function traceIterator(
  connections: Connections,
  source: Subscription,
  iterator: AsyncIterator<unknown>,
): void {
  const protocol = protocolOf(source);
  // Not of messages: the connection's events, the replies to a request.
  if (protocol === undefined) return;
  connections.of(protocol).messages.iterate(iterator, (item) => {
    const delivery = isJetStream(item)
      ? readJetStream(connections, item, source)
      : readPlain(connections, item, source.subject ?? '', source.queue);
    return delivery && { delivery, tag: connections.tagOf(delivery.msg) };
  });
}

/** `undefined` for what is no message of the application's: a status, or one that JetStream's own code handles. */
function readPlain(
  connections: Connections,
  item: unknown,
  subject: string,
  group: string | undefined,
): Inbound | undefined {
  if (typeof item !== 'object' || item === null || !('publisher' in item)) return undefined;
  const msg = item as Msg;
  if (isServersOwn(msg.reply) || isServersOwn(subject) || (msg.headers?.code ?? 0) > 0) return undefined;
  return inbound(connections, msg, { pattern: /[*>]/.test(subject) ? subject : undefined, group });
}

function readJetStream(connections: Connections, item: JsMsg, source: JetStreamSource): Inbound | undefined {
  const { msg, info, redelivered } = item;
  const delivery = inbound(connections, msg, { group: info.consumer, redelivered });
  if (delivery !== undefined && acksEach(source)) {
    connections.newTag(msg);
    connections.tools.once(Object.getPrototypeOf(item) as object, () =>
      patchAckAck(Object.getPrototypeOf(item) as object, connections),
    );
  }
  return delivery;
}

function inbound(
  connections: Connections,
  msg: Msg,
  more: Pick<Inbound, 'group'> & Partial<Inbound>,
): Inbound | undefined {
  // An ordered consumer of nats 2 is a consumer inside another: there, the message is processed already.
  if (!connections.isActive || contextOfMessage(msg) !== undefined) return undefined;
  const prototype = Object.getPrototypeOf(msg) as object;
  connections.tools.once(prototype, () => patchRespond(prototype, connections));
  return { connection: connections.of(msg.publisher), msg, pattern: undefined, redelivered: false, ...more };
}

/** The one acknowledgement that does not go through `respond`. */
function patchAckAck(prototype: object, connections: Connections): void {
  connections.tools.wrap<AckAck>(
    prototype,
    'ackAck',
    (ackAck) =>
      function (...args) {
        const isFirst = !this.didAck;
        const result = Reflect.apply(ackAck, this, args);
        if (isFirst) guard('settling', () => settle(connections, this.msg, undefined));
        return result;
      },
  );
}

function isJetStream(item: unknown): item is JsMsg {
  return typeof item === 'object' && item !== null && 'didAck' in item;
}
