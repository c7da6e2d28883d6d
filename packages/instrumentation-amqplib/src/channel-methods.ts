import type { Settlement } from '@clew/core/plugin';
import type { Context } from '@opentelemetry/api';
import { type Frame, METHOD, type MethodFields, methodName } from './amqplib.ts';
import { failureFrom } from './channel-events.ts';
import type { ChannelState } from './channel-state.ts';

/** A method that the broker has replied to, or that failed. */
export interface CalledMethod {
  readonly state: ChannelState;
  readonly method: number;
  readonly fields: MethodFields;
  readonly caller: Context;
  readonly startTimeMs: number;
}

/** `error` is an error of amqplib, or the frame that closed the channel. */
export function onReply(
  { state, method, fields, caller, startTimeMs }: CalledMethod,
  error: unknown,
  reply?: Frame,
): void {
  const { queue = '', exchange = '', destination = '', consumerTag = '', noAck = false } = fields;
  if (error !== null) {
    // Methods that are pending when the application closes the channel or connection itself have not failed.
    if (error instanceof Error && state.closedByApplication) return;
    const failure = error instanceof Error ? error : failureFrom((error as Partial<Frame>).fields);
    const action = state.actions().failed(state.server, methodName(method), queue || exchange || destination);
    state.failed = true;
    state.messages.fail(action, failure, caller, startTimeMs);
  } else if (method === METHOD['queue.declare']) {
    state.lastQueue = reply?.fields.queue ?? '';
  } else if (method === METHOD['basic.consume']) {
    state.addConsumer(reply?.fields.consumerTag ?? '', queue || state.lastQueue, noAck);
  } else if (method === METHOD['basic.cancel']) {
    state.removeConsumer(consumerTag);
  } else if (method === METHOD['basic.recover']) {
    // The broker delivers every message again that is not settled, with another tag.
    settle(state, 'recover', { multiple: true, requeue: true });
  }
}

/** A method without a reply was sent. Not a closure for each: every delivery is settled by one. */
export function onSentMethod(state: ChannelState, method: number, fields: MethodFields): void {
  if (method === METHOD['basic.ack']) settle(state, 'ack', fields);
  else if (method === METHOD['basic.nack']) settle(state, 'nack', fields);
  else if (method === METHOD['basic.reject']) settle(state, 'reject', fields);
  else if (method === METHOD['confirm.select']) {
    state.confirms = true;
    state.messages.expectConfirms();
  }
}

/** Tag 0 means all deliveries. */
function settle({ messages }: ChannelState, how: Settlement, fields: MethodFields): void {
  const { deliveryTag = 0, multiple = false, requeue = false } = fields;
  const attributes = how === 'ack' ? undefined : { 'clew.messaging.requeue': requeue };
  messages.settle(deliveryTag, multiple, how, attributes, multiple ? `${how}All` : how);
}
