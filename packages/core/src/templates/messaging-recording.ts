import { type Context, SpanKind, trace } from '@opentelemetry/api';
import { setMessageContext } from '../context/message-context.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import { startOperation } from '../operation.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { Broker } from './messaging-broker.ts';
import { type Cut, failWith } from './messaging-waiting.ts';

/** Remembers the context of a delivery: consumers also process messages later, in batches or from queues in memory. */
export function rememberDelivery<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  delivery: Delivery,
  own: Context,
): void {
  // A fault here must not leave the span of the delivery open.
  try {
    setMessageContext(broker.view.identity(delivery), own);
  } catch (fault) {
    reportFailure(`${broker.tools.name}: the context of a message`, fault);
  }
}

/** Records a fetched delivery, and returns the context to process it in. */
export function receiveDelivery<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  delivery: Delivery,
  caller: Context,
  startTimeMs: number,
): Context {
  if (isTracingSuppressed(caller)) return caller;
  const { tools, view, calls } = broker;
  const inTrace = trace.getSpan(caller) !== undefined;
  const asLink = inTrace || tools.options.useLinksForConsume;
  const replied = guard(`${tools.name}: a fetched reply`, () => {
    const mark = view.rpc?.delivered(delivery);
    return mark && calls.answer(mark);
  });
  const incoming = guard(`${tools.name}: extracting`, () => broker.incoming(delivery, asLink));
  const { context: came, links } = incoming ?? { context: caller, links: undefined };
  const action = (view.receiving ?? view.processing)(delivery);
  if (action.ignored === true) {
    rememberDelivery(broker, delivery, came);
    return came;
  }
  const operation = startOperation(
    `${tools.name}: receiving`,
    inTrace ? caller : (replied ?? came),
    (parent) =>
      broker.start(action, SpanKind.CLIENT, parent, { startTime: startTimeMs, ...(links && { links }) }),
  );
  if (operation?.recording) guard('describing', () => view.describeDelivery?.(operation.span, delivery));
  operation?.end();
  const own = operation?.context ?? replied ?? came;
  rememberDelivery(broker, delivery, own);
  return own;
}

/** Records a failed call of a kind that gets no span if it succeeds. */
export function recordFailure<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  action: MessagingAction,
  failure: Error | Cut,
  parent: Context,
  startTimeMs?: number,
): void {
  if (action.ignored === true || isTracingSuppressed(parent)) return;
  const more = startTimeMs === undefined ? {} : { startTime: startTimeMs };
  const operation = startOperation(`${broker.tools.name}: recording a failure`, parent, () =>
    broker.start(action, SpanKind.CLIENT, parent, more),
  );
  if (operation === undefined) return;
  if (failure instanceof Error) operation.fail(failure);
  else failWith(operation.span, failure);
  operation.end();
}
