import { type Context, type Link, propagation, type TextMapGetter, trace } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { incomingOf } from '../propagation/incoming.ts';
import { applyTrust, type Entrance, type Trust, type TrustOption } from '../propagation/trust.ts';
import type { MessagingView } from './messaging-view.ts';

/** The context of a message, as far as it is trusted. */
export interface IncomingMessage {
  readonly context: Context;
  readonly links: Link[] | undefined;
}

const UNKNOWN: IncomingMessage = { context: rootContext, links: undefined };

/** Reads the context of a message. `asLink` turns the parent into a link. */
export function readIncoming<Delivery, Headers>(
  view: MessagingView<never, Delivery, Headers>,
  getter: TextMapGetter<Headers>,
  delivery: Delivery,
  trustOf: (option: TrustOption | undefined, entrance: () => Entrance) => Trust,
  trust: TrustOption | undefined,
  asLink: boolean,
): IncomingMessage {
  let came = propagation.extract(rootContext, view.headers(delivery), getter);
  if (view.extractBeside !== undefined) came = view.extractBeside(came, delivery);
  if (came === rootContext) return UNKNOWN;
  const entrance = () => ({ path: view.queue(delivery), port: undefined, isQueue: true });
  came = applyTrust(came, trustOf(trust, entrance));
  const links = incomingOf(came)?.links;
  const parent = asLink ? trace.getSpanContext(came) : undefined;
  if (parent !== undefined)
    return { context: trace.deleteSpan(came), links: [{ context: parent }, ...(links ?? [])] };
  return { context: came, links: links === undefined || links.length === 0 ? undefined : [...links] };
}
