import type { Buffer } from 'node:buffer';
import {
  currentContext,
  guard,
  messaging,
  originals,
  reportFailure,
  type Settlement,
  type Tools,
} from '@clew/core/plugin';
import { context } from '@opentelemetry/api';
import {
  type Channel,
  METHOD,
  type Message,
  type MethodFields,
  type Properties,
  type Reply,
} from './amqplib.ts';
import { type Asked, fetching, onReply } from './asked-methods.ts';
import { isNoted, onClosed, onEvent } from './channel-events.ts';
import { ChannelNotes } from './channel-notes.ts';
import { type AmqplibView, channelView, type Outbound, type ViewOptions } from './channel-view.ts';

export type AmqplibTools = Tools<ViewOptions & Parameters<typeof messaging>[0]['options']>;

type SendMessage = (this: Channel, fields: MethodFields, properties: Properties, content: Buffer) => boolean;
type SendImmediately = (this: Channel, method: number, fields: MethodFields) => unknown;
type SendOrEnqueue = (this: Channel, method: number, fields: MethodFields, reply: Reply) => void;
type Dispatch = (this: Channel, fields: MethodFields, message: Message | null) => unknown;
type PushConfirmCallback = (this: Channel, callback: unknown) => void;
type Emit = (this: Channel, event: string | symbol, ...args: unknown[]) => boolean;
type ToClosed = (this: Channel, stack: string) => void;

/**
 * Patches the class that the channels of both APIs have in common; every message goes through these few functions.
 * May be called for every channel: a class is patched once.
 */
export function patchChannel(baseChannel: object, tools: AmqplibTools): void {
  tools.once(baseChannel, () => patchClass(baseChannel, tools));
}

function patchClass(baseChannel: object, tools: AmqplibTools): void {
  const channelPrototype = Object.getPrototypeOf(baseChannel) as object;
  const notesOf = notebook(tools);
  const settling = `${tools.name}: settling`;

  tools.wrap<SendMessage>(channelPrototype, 'sendMessage', (sendMessage) => {
    const proceed = ({ notes, fields, properties, content }: Outbound) =>
      sendMessage.call(notes.channel, fields, properties, content);
    return function (fields, properties, content) {
      const notes = notesOf(this);
      const caller = currentContext();
      notes.lastSent = caller;
      return notes.messages.send({ notes, fields, properties, content, read: undefined }, proceed, caller);
    };
  });

  tools.wrap<Dispatch>(
    baseChannel,
    'dispatchMessage',
    (dispatch) =>
      function (fields, message) {
        // A cancelled consumer is told by a message that is none.
        if (message === null) return dispatch.call(this, fields, message);
        const notes = notesOf(this);
        const consumer = notes.consumers.get(fields.consumerTag ?? '');
        const tag = consumer === undefined || consumer.noAck ? undefined : fields.deliveryTag;
        const delivery = { notes, message, queue: consumer?.queue ?? '', read: undefined };
        return notes.messages.process(delivery, tag, () => dispatch.call(this, fields, message));
      },
  );

  tools.wrap<SendImmediately>(
    channelPrototype,
    'sendImmediately',
    (sendImmediately) =>
      function (method, fields) {
        const result = sendImmediately.call(this, method, fields);
        const how = settlementOf(method);
        if (how !== undefined) {
          // Without a closure: every delivery comes through here.
          try {
            settle(notesOf(this), how, fields);
          } catch (fault) {
            reportFailure(settling, fault);
          }
        } else if (method === METHOD.confirmSelect) guard(settling, () => expectConfirms(notesOf(this)));
        return result;
      },
  );

  tools.wrap<SendOrEnqueue>(
    channelPrototype,
    'sendOrEnqueue',
    (sendOrEnqueue) =>
      function (method, fields, reply) {
        const caller = currentContext();
        const startTimeMs = originals.monotonicNow();
        sendOrEnqueue.call(this, method, fields, (error, frame) => {
          const asked: Asked = {
            channel: this,
            notes: notesOf(this),
            method,
            fields,
            caller,
            startTimeMs,
            readsBodies: tools.options.envelopes !== undefined,
          };
          guard(`${tools.name}: a reply`, () => onReply(asked, error, frame));
          const idle = this.handleMessage;
          context.with(caller, () => reply(error, frame));
          if (frame?.id === METHOD.basicGetOk && this.handleMessage !== idle)
            this.handleMessage = fetching(asked, frame, this.handleMessage, idle);
        });
      },
  );

  tools.wrap<PushConfirmCallback>(
    channelPrototype,
    'pushConfirmCallback',
    (push) =>
      function (callback) {
        if (typeof callback !== 'function') {
          push.call(this, callback);
          return;
        }
        const caller = currentContext();
        push.call(this, (error: unknown) =>
          context.with(caller, callback as (e: unknown) => void, undefined, error),
        );
      },
  );

  tools.wrap<Emit>(
    channelPrototype,
    'emit',
    (emit) =>
      function (event, ...args) {
        if (!isNoted(event)) return emit.call(this, event, ...args);
        const publisher = guard(`${tools.name}: ${event}`, () => onEvent(notesOf(this), event, args[0]));
        if (publisher === undefined) return emit.call(this, event, ...args);
        return context.with(publisher, emit, this, event, ...args);
      },
  );

  tools.wrap<ToClosed>(
    channelPrototype,
    'toClosed',
    (toClosed) =>
      function (stack) {
        guard(`${tools.name}: closing`, () => onClosed(notesOf(this), stack));
        toClosed.call(this, stack);
      },
  );
}

/** The notes on each channel. */
function notebook(tools: AmqplibTools): (channel: Channel) => ChannelNotes {
  const notes = new WeakMap<Channel, ChannelNotes>();
  const newChannel = messaging(tools, channelView(tools) as AmqplibView);
  let count = 0;
  return (channel) => {
    let known = notes.get(channel);
    if (known === undefined) {
      known = new ChannelNotes(channel, newChannel(), ++count, tools);
      notes.set(channel, known);
    }
    return known;
  };
}

function settlementOf(method: number): Settlement | undefined {
  switch (method) {
    case METHOD.basicAck:
      return 'ack';
    case METHOD.basicNack:
      return 'nack';
    case METHOD.basicReject:
      return 'reject';
    default:
      return undefined;
  }
}

function expectConfirms(notes: ChannelNotes): void {
  notes.confirms = true;
  notes.messages.expectConfirms();
}

function settle(notes: ChannelNotes, how: Settlement, fields: MethodFields): void {
  const { deliveryTag = 0, multiple = false, requeue = false } = fields;
  const attributes = how === 'ack' ? undefined : { 'clew.messaging.requeue': requeue };
  notes.messages.settle(deliveryTag, multiple, how, attributes);
}
