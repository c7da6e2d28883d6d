import type { Buffer } from 'node:buffer';
import {
  type AnyFunction,
  bindCallback,
  currentContext,
  guard,
  originals,
  reportFailure,
} from '@clew/core/plugin';
import { context } from '@opentelemetry/api';
import type { Channel, Message, MethodFields, Properties, Reply } from './amqplib.ts';
import { channelEvents, onClosed } from './channel-events.ts';
import { onReply, onSentMethod } from './channel-methods.ts';
import type { Channels } from './channel-state.ts';
import type { Outbound } from './channel-view.ts';
import { observeCall } from './observe-call.ts';

type SendMessage = (this: Channel, fields: MethodFields, properties: Properties, content: Buffer) => boolean;
type SendImmediately = (this: Channel, method: number, fields: MethodFields) => unknown;
type SendOrEnqueue = (this: Channel, method: number, fields: MethodFields, reply: Reply) => void;
type Dispatch = (this: Channel, fields: MethodFields, message: Message | null) => unknown;
type PushConfirmCallback = (this: Channel, callback: unknown) => void;
type Emit = (this: Channel, event: string | symbol, ...args: unknown[]) => boolean;
type ToClosed = (this: Channel, stack: string) => void;
type Get = (this: Channel, ...args: unknown[]) => unknown;

/**
 * Patches a class of channels: that of one API, which has `get`, and its two base classes, which both APIs have in
 * common. May be called for every channel: a class is patched once.
 */
export function patchChannel(prototype: object, channels: Channels): void {
  const { tools } = channels;
  for (
    let each: object | null = prototype;
    each !== null;
    each = Object.getPrototypeOf(each) as object | null
  ) {
    const found = each;
    if (Object.hasOwn(found, 'get')) tools.once(found, () => patchGet(found, channels));
    if (Object.hasOwn(found, 'dispatchMessage')) tools.once(found, () => patchDispatch(found, channels));
    if (Object.hasOwn(found, 'sendMessage')) tools.once(found, () => patchBase(found, channels));
  }
}

function patchGet(prototype: object, channels: Channels): void {
  channels.tools.wrap<Get>(
    prototype,
    'get',
    (get) =>
      function (...args) {
        const caller = currentContext();
        const startTimeMs = originals.monotonicNow();
        return observeCall(get as AnyFunction, this, args, {
          activity: `${channels.tools.name}: fetching`,
          onResult: (message) => {
            if (!message) return;
            const state = channels.of(this);
            const queue = String(args[0] || state.lastQueue);
            const delivery = { state, message: message as Message, queue, read: undefined };
            state.messages.receive(delivery, caller, startTimeMs);
          },
        });
      },
  );
}

function patchDispatch(prototype: object, channels: Channels): void {
  channels.tools.wrap<Dispatch>(
    prototype,
    'dispatchMessage',
    (dispatch) =>
      function (fields, message) {
        // A consumer that was cancelled gets `null`.
        if (message === null) return dispatch.call(this, fields, message);
        const state = channels.of(this);
        const consumer = state.consumers.get(fields.consumerTag ?? '');
        const tag = consumer === undefined || consumer.noAck ? undefined : fields.deliveryTag;
        const delivery = { state, message, queue: consumer?.queue ?? '', read: undefined };
        return state.messages.process(delivery, tag, () => dispatch.call(this, fields, message));
      },
  );
}

function patchBase(prototype: object, channels: Channels): void {
  const { tools } = channels;
  const afterMethod = `${tools.name}: after a method`;

  tools.wrap<SendMessage>(prototype, 'sendMessage', (sendMessage) => {
    const proceed = ({ state, fields, properties, content }: Outbound) =>
      sendMessage.call(state.channel, fields, properties, content);
    return function (fields, properties, content) {
      const state = channels.of(this);
      const caller = currentContext();
      state.lastSent = caller;
      return state.messages.send({ state, fields, properties, content, read: undefined }, proceed, caller);
    };
  });

  tools.wrap<SendImmediately>(
    prototype,
    'sendImmediately',
    (sendImmediately) =>
      function (method, fields) {
        const result = sendImmediately.call(this, method, fields);
        // Without `guard`: every delivery is settled here, and a closure for each is slow.
        try {
          onSentMethod(channels.of(this), method, fields);
        } catch (fault) {
          reportFailure(afterMethod, fault);
        }
        return result;
      },
  );

  tools.wrap<SendOrEnqueue>(
    prototype,
    'sendOrEnqueue',
    (sendOrEnqueue) =>
      function (method, fields, reply) {
        const caller = currentContext();
        const startTimeMs = originals.monotonicNow();
        const replyToCaller = bindCallback(reply);
        sendOrEnqueue.call(this, method, fields, (error, frame) => {
          guard(afterMethod, () =>
            onReply({ state: channels.of(this), method, fields, caller, startTimeMs }, error, frame),
          );
          replyToCaller(error, frame);
        });
      },
  );

  tools.wrap<PushConfirmCallback>(
    prototype,
    'pushConfirmCallback',
    (push) =>
      function (callback) {
        push.call(this, bindCallback(callback));
      },
  );

  tools.wrap<Emit>(
    prototype,
    'emit',
    (emit) =>
      function (event, ...args) {
        const onEvent = channelEvents.get(event);
        const publisher =
          onEvent && guard(`${tools.name}: ${String(event)}`, () => onEvent(channels.of(this), args[0]));
        return publisher === undefined
          ? emit.call(this, event, ...args)
          : context.with(publisher, emit, this, event, ...args);
      },
  );

  tools.wrap<ToClosed>(
    prototype,
    'toClosed',
    (toClosed) =>
      function (stack) {
        guard(`${tools.name}: closing`, () => onClosed(channels.of(this), stack));
        toClosed.call(this, stack);
      },
  );
}
