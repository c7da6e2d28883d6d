import {
  type Context,
  INVALID_SPAN_CONTEXT,
  type Link,
  type Span,
  SpanKind,
  type SpanOptions,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import type { Tools } from '../kit/target.ts';
import { boundedWriter } from '../propagation/bounded-writer.ts';
import { type InjectionTarget, messageGetter, withInjectionTarget } from '../propagation/carrier-kind.ts';
import { type CarrierWriter, injectFresh } from '../propagation/inject.ts';
import { trustBy } from '../propagation/policy.ts';
import { ATTR } from '../semconv.ts';
import type { MessagingAction } from './messaging-action.ts';
import { type IncomingMessage, readIncoming } from './messaging-incoming.ts';
import { Processing, type ProcessingOwner, type Work } from './messaging-processing.ts';
import { type Outgoing, Sending, type SendingOwner } from './messaging-sending.ts';
import type { MessagingOptions, MessagingView } from './messaging-view.ts';
import { Waiting } from './messaging-waiting.ts';
import type { RpcCorrelation } from './rpc.ts';
import { Call, type CallChannel, Calls } from './rpc-call.ts';
import { HandOver, Reply } from './rpc-reply.ts';
import { isSentWithin, Served, Serving, sendingContext, servingContext } from './rpc-serving.ts';

const MESSAGE: InjectionTarget = { kind: 'message' };

/** What the channels of one plugin have in common. */
export class Broker<Sent, Delivery, Headers> {
  readonly tools: Tools<MessagingOptions>;
  readonly view: MessagingView<Sent, Delivery, Headers>;
  readonly calls: Calls;
  readonly served = new Served();
  readonly waiting: Waiting;
  readonly #writer: CarrierWriter<Sent>;
  readonly #getter: TextMapGetter<Headers>;
  readonly #trustOf = trustBy();

  constructor(tools: Tools<MessagingOptions>, view: MessagingView<Sent, Delivery, Headers>) {
    this.tools = tools;
    this.view = view;
    this.calls = new Calls(() => tools.options.callTimeoutMs, this.served);
    this.waiting = new Waiting(() => tools.options.consumeTimeoutMs);
    this.#getter = messageGetter(view.getter);
    this.#writer = boundedWriter(view.writer, {
      name: tools.name,
      room: (message) => view.headerRoom(message),
    });
    tools.onDisable(() => {
      this.calls.stop();
      this.waiting.stop();
    });
  }

  inject(current: Context, message: Sent): void {
    injectFresh(withInjectionTarget(current, MESSAGE), message, this.#writer);
    this.view.injectBeside?.(current, message);
  }

  incoming(delivery: Delivery, asLink: boolean): IncomingMessage {
    return readIncoming(this.view, this.#getter, delivery, this.#trustOf, this.tools.options.trust, asLink);
  }

  /** Starts the span of an action; for an ignored one, a span that records nothing. */
  start(action: MessagingAction, kind: SpanKind, parent: Context, more?: SpanOptions): Span {
    const { name, attributes, ignored } = action;
    if (ignored === true) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const options = more === undefined ? { kind, attributes } : { kind, attributes, ...more };
    return this.tools.tracer.startSpan(name, options, parent);
  }
}

/**
 * Begins to send. A reply, and a request that is sent to another consumer, belong to the span of the served request;
 * a request begins a call; anything else is a message. `undefined` where there is nothing to wait for or to record.
 */
export function startSend<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: SendingOwner<Sent> & CallChannel,
  message: Sent,
  caller: Context,
): Outgoing | undefined {
  const mark = broker.view.rpc?.sent(message);
  const serving = mark && broker.served.find(mark, caller);
  if (mark === undefined || serving === undefined)
    return beginMessage(broker, channel, message, mark, caller);
  if (serving.replyTo === mark.address) {
    if (serving.ended) {
      serving.reply(mark);
      return beginMessage(broker, channel, message, undefined, sendingContext(caller, serving));
    }
    broker.inject(serving.context, message);
    return new Reply(serving, mark);
  }
  // A waiting call of the same id was sent from here: outside of the handler, this is its retry.
  if (!isSentWithin(caller, serving) && broker.calls.isWaiting(mark.id, serving.replyTo))
    return beginMessage(broker, channel, message, mark, caller);
  broker.inject(sendingContext(caller, serving), message);
  return new HandOver(serving);
}

function beginMessage<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: SendingOwner<Sent> & CallChannel,
  message: Sent,
  mark: RpcCorrelation | undefined,
  caller: Context,
): Outgoing | undefined {
  const { view, calls } = broker;
  const rpc = mark?.replyTo === undefined ? undefined : view.rpc;
  const action = rpc ? rpc.calling(message) : view.sending(message);
  const span = broker.start(action, rpc ? SpanKind.CLIENT : SpanKind.PRODUCER, caller);
  const current = action.ignored === true ? caller : trace.setSpan(caller, span);
  try {
    broker.inject(current, message);
    if (span.isRecording()) {
      view.describeSent?.(span, message);
      view.onSend?.(span, message);
    } else if (!rpc) return undefined;
  } catch (fault) {
    giveUp(span, fault);
  }
  if (!mark || !rpc) return new Sending(span, current, channel, message);
  // Also where nobody records: the reply must find its caller.
  const call = new Call(span, caller, mark, calls, channel);
  calls.add(call);
  return call;
}

/** Deliveries on their way to the program, and what they brought. */
export interface Handed<Delivery> extends Work {
  readonly delivery: Delivery;
  readonly parent: Context;
  readonly links: Link[] | undefined;
  readonly mark: RpcCorrelation | undefined;
}

/** Begins to process. Only a context comes back where nobody records: then nothing is kept. */
export function startProcessing<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: ProcessingOwner,
  handed: Handed<Delivery>,
): Processing | Context {
  const { delivery, parent, links, mark } = handed;
  const { view, served } = broker;
  const rpc = mark?.replyTo === undefined ? undefined : view.rpc;
  const action = rpc ? rpc.serving(delivery) : view.processing(delivery);
  const kind = rpc ? SpanKind.SERVER : SpanKind.CONSUMER;
  const span = broker.start(action, kind, parent, links && { links });
  const ignored = action.ignored === true;
  let current = ignored ? parent : trace.setSpan(parent, span);
  // Of an ignored request the reply is ignored, too.
  if (!span.isRecording() && !(ignored && rpc)) return current;
  if (rpc) current = servingContext(current, span);
  if (span.isRecording()) describe(broker, span, handed);
  if (!mark || !rpc) return new Processing(span, current, channel, handed);
  const serving = new Serving(span, current, channel, handed, mark, served);
  served.add(serving);
  return serving;
}

function describe<Sent, Delivery, Headers>(
  { view }: Broker<Sent, Delivery, Headers>,
  span: Span,
  { delivery, batch }: Handed<Delivery>,
): void {
  try {
    if (batch !== undefined && batch.deliveries.length > 1)
      span.setAttribute(ATTR.messagingBatchMessageCount, batch.deliveries.length);
    else view.describeDelivery?.(span, delivery);
    view.onProcess?.(span, delivery);
  } catch (fault) {
    giveUp(span, fault);
  }
}

/** Nobody else knows of a span that could not be begun: it must not stay open. */
function giveUp(span: Span, fault: unknown): never {
  span.end();
  throw fault;
}
