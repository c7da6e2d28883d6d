import type { Cut } from '@clew/core/plugin';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Message, MethodFields } from './amqplib.ts';
import { cutBy } from './asked-methods.ts';
import type { ChannelNotes } from './channel-notes.ts';

/** Events of a channel that are looked at. */
export type NotedEvent = 'ack' | 'nack' | 'return' | 'drain' | 'cancel' | 'error';

/** Whether an event of a channel ends or changes something that is recorded. */
export function isNoted(event: string | symbol): event is NotedEvent {
  switch (event) {
    case 'ack':
    case 'nack':
    case 'return':
    case 'drain':
    case 'cancel':
    case 'error':
      return true;
    default:
      return false;
  }
}

/** By connection, the error of a channel that nothing listened for. */
const unheardErrors = new WeakMap<object, string>();

/** Returns the context of the publisher that the listeners run in, where there is one. */
export function onEvent(notes: ChannelNotes, event: NotedEvent, what: unknown): Context | undefined {
  const { messages } = notes;
  switch (event) {
    case 'drain':
      messages.drained();
      return undefined;
    case 'cancel':
      notes.cancelled((what as MethodFields).consumerTag ?? '');
      return undefined;
    case 'error':
      notes.closeReason ??= what instanceof Error ? what.message : String(what);
      // amqplib throws such an error in its socket's listener: it ends the connection as a `Socket error`.
      if (notes.channel.listenerCount('error') === 0)
        unheardErrors.set(notes.channel.connection, notes.closeReason);
      return undefined;
    case 'return':
      return onReturn(notes, what as Message);
    default: {
      const { deliveryTag = 0, multiple = false } = what as MethodFields;
      const refusal =
        event === 'ack' ? undefined : { type: 'nack', message: 'the broker refused the message' };
      messages.confirm(deliveryTag, multiple, refusal);
      return undefined;
    }
  }
}

function onReturn(notes: ChannelNotes, message: Message): Context {
  const { exchange = '', routingKey = '' } = message.fields;
  const delivery = { notes, message, queue: '', read: undefined };
  const action = notes.actions.failed('return', exchange || routingKey);
  return notes.messages.returned(delivery, action, cutBy(message.fields));
}

/** amqplib writes the reason into the first line of the stack that it captures for its own errors. */
export function onClosed(notes: ChannelNotes, stack: string): void {
  const [, captured = ''] = /^Stack capture: (.*)/.exec(stack) ?? [];
  const unheard = unheardErrors.get(notes.channel.connection);
  const reason = notes.closeReason ?? (unheard === undefined ? captured : `${captured}: ${unheard}`);
  const [, byServer] = /^Channel closed by server: (.*)/.exec(reason) ?? [];
  notes.closedByApplication = notes.closeReason === undefined && captured in CLOSED_BY_APPLICATION;
  const cut: Cut =
    byServer !== undefined
      ? { type: 'channel_closed', message: byServer }
      : {
          type: captured === CHANNEL_CLOSED ? 'channel_closed' : 'connection_closed',
          message: CLOSED_BY_APPLICATION[reason] ?? reason,
        };
  const isReported = notes.messages.close(cut) || notes.failed;
  if (byServer !== undefined && !isReported)
    notes.messages.fail(notes.actions.failed('channel.close', ''), cut, notes.lastSent ?? ROOT_CONTEXT);
  notes.lastSent = undefined;
}

const CHANNEL_CLOSED = 'ChannelCloseOk frame received';
const CLOSED_BY_APPLICATION: Readonly<Record<string, string>> = {
  [CHANNEL_CLOSED]: 'the application closed the channel',
  'ConnectionCloseOk received': 'the application closed the connection',
};
