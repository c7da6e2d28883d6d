import { Buffer } from 'node:buffer';
import type { Connections } from './connections.ts';
import type { Msg } from './nats.ts';

/**
 * Reports an acknowledgement by its first word.
 * Source: https://docs.nats.io/using-nats/developer/develop_jetstream/consumers#acknowledging-messages
 */
export function settle(connections: Connections, msg: Msg, payload: unknown): void {
  const tag = connections.tagOf(msg);
  if (tag === undefined) return;
  const { messages } = connections.of(msg.publisher);
  const word = payload instanceof Uint8Array ? Buffer.from(payload.subarray(0, 4)).toString() : payload;
  if (word === '+WPI') messages.postpone(tag, 'working');
  else messages.settle(tag, false, word === '-NAK' ? 'nak' : word === '+TER' ? 'term' : 'ack');
}
