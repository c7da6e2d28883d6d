import { type Context, type Link, propagation, type TextMapGetter } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { messageGetter } from '../propagation/carrier-kind.ts';
import type { Destinations } from '../propagation/destinations.ts';
import { incomingOf } from '../propagation/incoming.ts';
import { propagationDefaults, sendingBy, trustBy } from '../propagation/propagation-defaults.ts';
import { applyTrust, type Entrance, type TrustOption } from '../propagation/trust.ts';
import { serverRequestOf } from './server-request.ts';

/** The context of an incoming request, as far as it is trusted. */
export interface ReceivedContext {
  /** The root context if there is nothing, or nothing is trusted. */
  readonly context: Context;
  readonly links: readonly Link[];
}

const NOTHING: ReceivedContext = { context: rootContext, links: [] };

/**
 * Creates the function with which a plugin without a template reads the context of incoming requests, or of messages,
 * which may be delivered late and several times. Give it the plugin's option `trust`: without it, the propagation
 * defaults of the process apply.
 */
export function contextReceiver<Carrier>(
  getter: TextMapGetter<Carrier>,
  kind: 'request' | 'message' = 'request',
): (carrier: Carrier, trust: TrustOption | undefined, entrance: () => Entrance) => ReceivedContext {
  const trustOf = trustBy();
  const marked = kind === 'message' ? messageGetter(getter) : getter;
  return (carrier, trust, entrance) => {
    const extracted = propagation.extract(rootContext, carrier, marked);
    if (extracted === rootContext) return NOTHING;
    const trusted = applyTrust(extracted, trustOf(trust, entrance));
    return { context: trusted, links: incomingOf(trusted)?.links ?? [] };
  };
}

/** The options of a plugin for where context is sent; without them, the propagation defaults of the process apply. */
export interface SendingOptions {
  readonly propagateTo: Destinations | undefined;
  readonly propagateBaggageTo: Destinations | undefined;
}

/**
 * The receiver of a request: the host and port of a server; `local` for another process on this machine, or this
 * process, which gets context unless nothing is sent at all; `undefined` for an unknown host, which gets it only if
 * everything is sent everywhere.
 */
export type Receiver = { readonly host: string } | 'local' | undefined;

/**
 * Creates the function with which a plugin without a template decides what to inject: it returns the context, without
 * baggage if that may not be sent, or `undefined` if nothing may be sent to this receiver.
 */
export function contextSender(): (
  context: Context,
  options: SendingOptions,
  receiver: Receiver,
) => Context | undefined {
  const deciders = { sendTo: sendingBy('sendTo'), sendBaggageTo: sendingBy('sendBaggageTo') };
  const isAllowed = (
    which: keyof typeof deciders,
    option: Destinations | undefined,
    receiver: Receiver,
    context: Context,
  ) => {
    const destinations = option ?? propagationDefaults()[which];
    if (receiver === 'local') return destinations !== 'none';
    if (receiver === undefined) return destinations === 'all';
    return deciders[which](option)(receiver.host, serverRequestOf(context)?.host);
  };
  return (context, { propagateTo, propagateBaggageTo }, receiver) => {
    if (!isAllowed('sendTo', propagateTo, receiver, context)) return undefined;
    const withBaggage = isAllowed('sendBaggageTo', propagateBaggageTo, receiver, context);
    return withBaggage ? context : propagation.deleteBaggage(context);
  };
}
