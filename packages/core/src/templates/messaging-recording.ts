import { types } from 'node:util';
import { type Context, SpanKind, trace } from '@opentelemetry/api';
import { setMessageContext } from '../context/message-context.ts';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import { startOperation } from '../operation.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { Broker } from './messaging-broker.ts';
import { type Failure, setFailure } from './messaging-waiting.ts';

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
export function recordFetched<Sent, Delivery, Headers>(
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
    const correlation = view.rpc?.delivered(delivery);
    return correlation && calls.onReply(correlation);
  });
  const incoming = guard(`${tools.name}: extracting`, () => broker.incoming(delivery, asLink));
  const { context: extracted, links } = incoming ?? { context: caller, links: undefined };
  const action = (view.receiving ?? view.processing)(delivery);
  if (action.ignored === true) {
    rememberDelivery(broker, delivery, extracted);
    return extracted;
  }
  const operation = startOperation(
    `${tools.name}: receiving`,
    inTrace ? caller : (replied ?? extracted),
    (parent) =>
      broker.start(action, SpanKind.CLIENT, parent, { startTime: startTimeMs, ...(links && { links }) }),
  );
  if (operation?.recording) guard('describing', () => broker.describeDelivery(operation.span, delivery));
  operation?.end();
  const own = operation?.context ?? replied ?? extracted;
  rememberDelivery(broker, delivery, own);
  return own;
}

/** Records a failed call of a kind that gets no span if it succeeds. */
export function recordFailure<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  action: MessagingAction,
  failure: Error | Failure,
  parent: Context,
  startTimeMs?: number,
): void {
  if (action.ignored === true || isTracingSuppressed(parent)) return;
  const more = startTimeMs === undefined ? {} : { startTime: startTimeMs };
  const operation = startOperation(`${broker.tools.name}: recording a failure`, parent, () =>
    broker.start(action, SpanKind.CLIENT, parent, more),
  );
  if (operation === undefined) return;
  if (types.isNativeError(failure)) operation.fail(failure);
  else setFailure(operation.span, failure);
  operation.end();
}
