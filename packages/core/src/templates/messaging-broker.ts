import {
  type Context,
  INVALID_SPAN_CONTEXT,
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
import { trustBy } from '../propagation/propagation-defaults.ts';
import type { MessagingAction } from './messaging-action.ts';
import { type IncomingMessage, readIncoming } from './messaging-incoming.ts';
import { type Outgoing, Sending, type SendingOwner } from './messaging-sending.ts';
import type { MessagingOptions, MessagingView } from './messaging-view.ts';
import { Waiting } from './messaging-waiting.ts';
import type { RpcCorrelation, RpcView } from './rpc.ts';
import { AwaitedCall, type RepliesEnd } from './rpc-awaited-call.ts';
import { Call, type CallChannel, Calls } from './rpc-call.ts';
import { HandOver, Reply } from './rpc-reply.ts';
import { isSentWithin, Served, sendingContext } from './rpc-serving.ts';

const MESSAGE: InjectionTarget = { kind: 'message' };

/** What all channels of a plugin share. */
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
      availableBytes: (message) => view.availableHeaderBytes(message),
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

  /** Starts the span of an action. For an ignored action, the span records nothing. */
  start(action: MessagingAction, kind: SpanKind, parent: Context, more?: SpanOptions): Span {
    const { name, attributes, ignored } = action;
    if (ignored === true) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const options = more === undefined ? { kind, attributes } : { kind, attributes, ...more };
    return this.tools.tracer.startSpan(name, options, parent);
  }
}

/**
 * Starts to send a message. A reply, and a request that is forwarded to another consumer, belong to the span of the
 * served request. A request starts a call. Anything else is a plain message. Returns `undefined` if nothing is recorded
 * and no reply is expected.
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
    return startMessageOrCall(broker, channel, message, mark, caller);
  if (serving.replyTo === mark.address) {
    if (serving.ended) {
      serving.reply(mark);
      return startMessageOrCall(broker, channel, message, undefined, sendingContext(caller, serving));
    }
    broker.inject(serving.context, message);
    return new Reply(serving, mark);
  }
  // A call with the same id was sent from this process and still waits: outside of the handler, this is a retry of it.
  if (!isSentWithin(caller, serving) && broker.calls.isWaiting(mark.id, serving.replyTo))
    return startMessageOrCall(broker, channel, message, mark, caller);
  broker.inject(sendingContext(caller, serving), message);
  return new HandOver(serving);
}

function startMessageOrCall<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: SendingOwner<Sent> & CallChannel,
  message: Sent,
  mark: RpcCorrelation | undefined,
  caller: Context,
): Outgoing | undefined {
  const { view, calls } = broker;
  const rpc = mark?.replyTo === undefined ? undefined : view.rpc;
  const { span, current } = startMessage(broker, message, caller, rpc);
  if (!mark || !rpc) return span.isRecording() ? new Sending(span, current, channel, message) : undefined;
  // Even if nothing is recorded: the reply must find its caller.
  const call = new Call(span, caller, mark, calls, channel);
  calls.add(call);
  return call;
}

/** Starts a call whose result is the promise of its reply; `undefined` if nothing is recorded. */
export function startAwaitedCall<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  message: Sent,
  caller: Context,
  repliesEnd: RepliesEnd | undefined,
): Outgoing | undefined {
  const { rpc } = broker.view;
  const { span, current } = startMessage(broker, message, caller, rpc);
  return span.isRecording() ? new AwaitedCall(span, current, rpc?.failure, repliesEnd) : undefined;
}

/** Starts the span of a message, or of a call if there is an `rpc` view, and injects its context. */
function startMessage<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  message: Sent,
  caller: Context,
  rpc: RpcView<Sent, Delivery> | undefined,
): { readonly span: Span; readonly current: Context } {
  const { view } = broker;
  const action = rpc ? rpc.calling(message) : view.sending(message);
  const span = broker.start(action, rpc ? SpanKind.CLIENT : SpanKind.PRODUCER, caller);
  const current = action.ignored === true ? caller : trace.setSpan(caller, span);
  try {
    broker.inject(current, message);
    if (span.isRecording()) {
      view.describeSent?.(span, message);
      view.onSend?.(span, message);
    }
  } catch (fault) {
    giveUp(span, fault);
  }
  return { span, current };
}

/** Ends a span that nothing else refers to, after a fault in its first steps. */
export function giveUp(span: Span, fault: unknown): never {
  span.end();
  throw fault;
}
