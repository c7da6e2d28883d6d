import type { Failure } from '@clew/core/plugin';
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Message, MethodFields } from './amqplib.ts';
import type { ChannelState } from './channel-state.ts';

/** Returns the context to run the application's listeners in, if it is not the current one. */
type OnEvent = (state: ChannelState, argument: unknown) => Context | undefined;

/** What the events of a channel change, before the application's listeners run. */
export const channelEvents: ReadonlyMap<string | symbol, OnEvent> = new Map<string | symbol, OnEvent>([
  ['ack', onConfirm],
  [
    'nack',
    (state, fields) => onConfirm(state, fields, { type: 'nack', message: 'the broker refused the message' }),
  ],
  ['return', onReturn],
  ['drain', ({ messages }) => void messages.drained()],
  ['cancel', (state, fields) => void state.removeConsumer((fields as MethodFields).consumerTag ?? '')],
  ['error', onError],
]);

function onConfirm({ messages }: ChannelState, fields: unknown, refusal?: Failure): undefined {
  const { deliveryTag = 0, multiple = false } = fields as MethodFields;
  messages.confirm(deliveryTag, multiple, refusal);
}

/** The listeners run in the context of the publisher. */
function onReturn(state: ChannelState, argument: unknown): Context {
  const message = argument as Message;
  const { exchange = '', routingKey = '' } = message.fields;
  const delivery = { state, message, queue: '', read: undefined };
  const action = state.actions().failed(state.server, 'return', exchange || routingKey);
  return state.messages.returned(delivery, action, failureFrom(message.fields));
}

/** By connection, the error of a channel that has no listener for it. */
const unhandledErrors = new WeakMap<object, string>();

function onError(state: ChannelState, error: unknown): undefined {
  state.closeReason ??= error instanceof Error ? error.message : String(error);
  // amqplib throws such an error in its socket's listener: it ends the connection as a `Socket error`.
  if (state.channel.listenerCount('error') === 0)
    unhandledErrors.set(state.channel.connection, state.closeReason);
}

const CHANNEL_CLOSED = 'ChannelCloseOk frame received';
const CLOSED_BY_APPLICATION: Readonly<Record<string, string>> = {
  [CHANNEL_CLOSED]: 'the application closed the channel',
  'ConnectionCloseOk received': 'the application closed the connection',
};

/** amqplib writes the reason into the first line of the stack that it captures for its own errors. */
export function onClosed(state: ChannelState, stack: string): void {
  const [, captured = ''] = /^Stack capture: (.*)/.exec(stack) ?? [];
  const unhandled = unhandledErrors.get(state.channel.connection);
  const reason = state.closeReason ?? (unhandled === undefined ? captured : `${captured}: ${unhandled}`);
  const [, byServer] = /^Channel closed by server: (.*)/.exec(reason) ?? [];
  state.closedByApplication = state.closeReason === undefined && captured in CLOSED_BY_APPLICATION;
  const isChannel = byServer !== undefined || captured === CHANNEL_CLOSED;
  const failure = {
    type: isChannel ? 'channel_closed' : 'connection_closed',
    message: byServer ?? CLOSED_BY_APPLICATION[reason] ?? reason,
  };
  const isRecorded = state.messages.close(failure) || state.failed;
  if (byServer !== undefined && !isRecorded) {
    const action = state.actions().failed(state.server, 'channel.close', '');
    state.messages.fail(action, failure, state.lastSent ?? ROOT_CONTEXT);
  }
  state.lastSent = undefined;
}

/** Why the broker closed a channel or returned a message. */
export function failureFrom({ replyCode, replyText }: MethodFields = {}): Failure {
  return {
    type: replyText?.split(/[ -]/, 1)[0] || String(replyCode ?? 'closed'),
    message: `${replyCode} ${replyText}`,
  };
}
