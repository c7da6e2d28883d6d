import { guard, messaging } from '@clew/core/plugin';
import type { Connections } from './connections.ts';
import { acksEach, isServersOwn, type JetStreamSource, type JsMsg, type Msg } from './nats.ts';
import type { Inbound } from './nats-view.ts';
import { patchRespond } from './patch-sending.ts';

type AckAck = (this: JsMsg, ...args: unknown[]) => unknown;

/** A message of a subscription; `undefined` for a status message and a message of the server's own API. */
export function readPlain(
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

/** A message of a JetStream consumer. It gets a number if it must be settled. */
export function readJetStream(
  connections: Connections,
  item: JsMsg,
  source: JetStreamSource,
): Inbound | undefined {
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
  // An ordered consumer of nats 2 contains another consumer, which processes the message first.
  if (!connections.isActive || messaging.contextOf(msg) !== undefined) return undefined;
  const prototype = Object.getPrototypeOf(msg) as object;
  connections.tools.once(prototype, () => patchRespond(prototype, connections));
  return { connection: connections.of(msg.publisher), msg, pattern: undefined, redelivered: false, ...more };
}

/** The only acknowledgement that does not call `respond`. */
function patchAckAck(prototype: object, connections: Connections): void {
  connections.tools.wrap<AckAck>(
    prototype,
    'ackAck',
    (ackAck) =>
      function (...args) {
        const isFirst = !this.didAck;
        const result = Reflect.apply(ackAck, this, args);
        if (isFirst) guard('settling', () => connections.settle(this.msg));
        return result;
      },
  );
}

/** Whether a value is a message of a JetStream consumer. */
export function isJetStream(item: unknown): item is JsMsg {
  return typeof item === 'object' && item !== null && 'didAck' in item;
}
