import { type Context, type Link, type Span, SpanKind, trace } from '@opentelemetry/api';
import { guard, reportFailure } from '../kit/failures.ts';
import { ATTR } from '../semconv.ts';
import { type Broker, endAndThrow } from './messaging-broker.ts';
import { Processing, type ProcessingChannel, type Work } from './messaging-processing.ts';
import { rememberDelivery } from './messaging-recording.ts';
import type { RpcCorrelation } from './rpc.ts';
import { requestContext, ServedRequest } from './rpc-served-request.ts';

/** A delivery, or a batch, with the context and the correlation that it carries. */
export interface IncomingWork<Delivery> extends Work {
  readonly delivery: Delivery;
  readonly parent: Context;
  readonly links: Link[] | undefined;
  readonly correlation: RpcCorrelation | undefined;
}

/** Starts the span of a delivery or batch. If nothing is recorded, returns only the context to process it in. */
export function startProcessing<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: ProcessingChannel,
  work: IncomingWork<Delivery>,
): Processing | Context {
  const { delivery, parent, links, correlation } = work;
  const { view, served } = broker;
  const rpc = correlation?.replyTo === undefined ? undefined : view.rpc;
  const action = rpc ? rpc.serving(delivery) : view.processing(delivery);
  const kind = rpc ? SpanKind.SERVER : SpanKind.CONSUMER;
  const span = broker.start(action, kind, parent, links && { links });
  const ignored = action.ignored === true;
  let current = ignored ? parent : trace.setSpan(parent, span);
  // The reply to an ignored request is ignored as well.
  if (!span.isRecording() && !(ignored && rpc)) return current;
  if (rpc) current = requestContext(current, span);
  if (span.isRecording()) describe(broker, span, work);
  if (!correlation || !rpc) return new Processing(span, current, channel, work);
  const request = new ServedRequest(span, current, channel, work, correlation, served);
  served.add(request);
  return request;
}

function describe<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  span: Span,
  { delivery, batch }: IncomingWork<Delivery>,
): void {
  try {
    if (batch !== undefined && batch.deliveries.length > 1)
      span.setAttribute(ATTR.messagingBatchMessageCount, batch.deliveries.length);
    else broker.describeDelivery(span, delivery);
    broker.view.onProcess?.(span, delivery);
  } catch (fault) {
    endAndThrow(span, fault);
  }
}

/**
 * Starts to process a delivery. Returns only a context if the delivery is a reply (the caller's context) or if nothing
 * is recorded, and `undefined` if the delivery can't be traced.
 */
export function startIncoming<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  channel: ProcessingChannel,
  delivery: Delivery,
  tag: number | undefined,
): Processing | Context | undefined {
  const { tools, view, calls } = broker;
  try {
    const correlation = view.rpc?.delivered(delivery);
    const caller = correlation && calls.onReply(correlation);
    if (caller !== undefined) {
      rememberDelivery(broker, delivery, caller);
      return caller;
    }
    const asLink = tools.options.useLinksForConsume && correlation?.replyTo === undefined;
    const { context: parent, links } = broker.incoming(delivery, asLink);
    const work = { delivery, tag, batch: undefined, parent, links, correlation };
    const started = startProcessing(broker, channel, work);
    rememberDelivery(broker, delivery, contextIn(started));
    return started;
  } catch (fault) {
    reportFailure(`${tools.name}: processing`, fault);
    return undefined;
  }
}

/** The default limit of SDKs for the links of a span. */
const MAX_LINKS = 128;

/**
 * The links of a batch, to the spans of its first messages. Messages that were sent together have the same span, which is
 * linked once. Samplers see links, so the messages of an unsampled batch are read as well: never more than the links that
 * a span keeps.
 */
export function linksOf<Sent, Delivery, Headers>(
  broker: Broker<Sent, Delivery, Headers>,
  deliveries: readonly Delivery[],
): Link[] {
  const links = new Map<string, Link>();
  for (const delivery of deliveries.slice(0, MAX_LINKS)) {
    const own = guard('extracting', () => broker.incoming(delivery, true).links) ?? [];
    for (const link of own) {
      const key = `${link.context.traceId} ${link.context.spanId}`;
      if (!links.has(key)) links.set(key, link);
    }
  }
  return [...links.values()];
}

/** The context in which a delivery is processed. */
export function contextIn(started: Processing | Context): Context {
  return started instanceof Processing ? started.context : started;
}
