import { type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { reportFailure } from '../kit/failures.ts';
import { ATTR } from '../semconv.ts';
import { type Broker, giveUp } from './messaging-broker.ts';
import { Processing, type ProcessingOwner, type Work } from './messaging-processing.ts';
import { rememberDelivery } from './messaging-recording.ts';
import type { RpcCorrelation } from './rpc.ts';
import { Serving, servingContext } from './rpc-serving.ts';

/** A delivery, or a batch, with the context and the correlation that it carries. */
export interface Handed<Delivery> extends Work {
  readonly delivery: Delivery;
  readonly parent: Context;
  readonly links: Link[] | undefined;
  readonly mark: RpcCorrelation | undefined;
}

/** Starts the span of a delivery or batch. If nothing is recorded, returns the context only. */
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
  // The reply to an ignored request is ignored as well.
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

/**
 * Starts to process a delivery. Returns only a context if the delivery is a reply (the caller's context) or if nothing
 * is recorded, and `undefined` if the delivery can't be traced.
 */
export function startIncoming<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: ProcessingOwner,
  delivery: Delivery,
  tag: number | undefined,
): Processing | Context | undefined {
  const { tools, view, calls } = broker;
  try {
    const mark = view.rpc?.delivered(delivery);
    const replied = mark && calls.answer(mark);
    if (replied !== undefined) {
      rememberDelivery(broker, delivery, replied);
      return replied;
    }
    const asLink = tools.options.useLinksForConsume && mark?.replyTo === undefined;
    const { context: parent, links } = broker.incoming(delivery, asLink);
    const handed = { delivery, tag, batch: undefined, parent, links, mark };
    const begun = startProcessing(broker, channel, handed);
    rememberDelivery(broker, delivery, contextIn(begun));
    return begun;
  } catch (fault) {
    reportFailure(`${tools.name}: processing`, fault);
    return undefined;
  }
}

/** The context in which a delivery is processed. */
export function contextIn(begun: Processing | Context): Context {
  return begun instanceof Processing ? begun.context : begun;
}
