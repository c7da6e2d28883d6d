import { type Context, type Span, SpanKind, trace } from '@opentelemetry/api';
import { type Broker, endAndThrow } from './messaging-broker.ts';
import { type OutgoingMessage, Sending, type SendingChannel } from './messaging-sending.ts';
import type { RpcCorrelation, RpcView } from './rpc.ts';
import { AwaitedCall, type RepliesEnd } from './rpc-awaited-call.ts';
import { Call } from './rpc-call.ts';
import { isSentInside, SentForRequest, sendingContext } from './rpc-served-request.ts';

export type StartOutgoing = typeof startSend | typeof startAwaitedCall;

/**
 * Starts to send a message. A reply, and a request that is forwarded to another consumer, belong to the span of the
 * served request. A request starts a call. Anything else is a plain message. Returns `undefined` if nothing is recorded
 * and no reply is expected.
 */
export function startSend<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: SendingChannel<Sent>,
  message: Sent,
  caller: Context,
): OutgoingMessage | undefined {
  const correlation = broker.view.rpc?.sent(message);
  const request = correlation && broker.served.find(correlation, caller);
  if (correlation === undefined || request === undefined)
    return startMessageOrCall(broker, channel, message, correlation, caller);
  if (request.replyTo === correlation.address) {
    if (request.ended) {
      request.reply(correlation);
      return startMessageOrCall(broker, channel, message, undefined, sendingContext(caller, request));
    }
    broker.inject(request.context, message);
    return new SentForRequest(request, correlation);
  }
  // A call with the same id was sent from this process and still waits: outside of the handler, this is a retry of it.
  if (!isSentInside(caller, request) && broker.calls.isWaiting(correlation.id, request.replyTo))
    return startMessageOrCall(broker, channel, message, correlation, caller);
  broker.inject(sendingContext(caller, request), message);
  return new SentForRequest(request, undefined);
}

function startMessageOrCall<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: SendingChannel<Sent>,
  message: Sent,
  correlation: RpcCorrelation | undefined,
  caller: Context,
): OutgoingMessage | undefined {
  const { view, calls } = broker;
  const rpc = correlation?.replyTo === undefined ? undefined : view.rpc;
  const { span, current } = startMessage(broker, message, caller, rpc);
  if (!correlation || !rpc)
    return span.isRecording() ? new Sending(span, current, channel, message) : undefined;
  // Also if nothing is recorded, because the handler of the reply runs in the context of the caller.
  const call = new Call(span, caller, correlation, calls, channel);
  calls.add(call);
  return call;
}

/** Starts a call whose result is the promise of its reply; `undefined` if nothing is recorded. */
export function startAwaitedCall<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  _channel: SendingChannel<Sent>,
  message: Sent,
  caller: Context,
  repliesEnd: RepliesEnd | undefined,
): OutgoingMessage | undefined {
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
      broker.describeSent(span, message);
      view.onSend?.(span, message);
    }
  } catch (fault) {
    endAndThrow(span, fault);
  }
  return { span, current };
}
