import { type Context, createContextKey, type TextMapGetter } from '@opentelemetry/api';

/**
 * A request is received at once and only once; a message may wait in a queue and be delivered several times; environment
 * variables may be read several times.
 */
export type CarrierKind = 'request' | 'message' | 'environment';

/** The property of a getter that names the kind of its carriers. */
export const CARRIER_KIND = Symbol.for('clew.carrier-kind');

/** Marks a getter as one of message headers, for which signatures may be older and may be repeated. */
export function messageGetter<C>(getter: TextMapGetter<C>): TextMapGetter<C> {
  const marked: TextMapGetter<C> & { readonly [CARRIER_KIND]: CarrierKind } = {
    get: (carrier, key) => getter.get(carrier, key),
    keys: (carrier) => getter.keys(carrier),
    [CARRIER_KIND]: 'message',
  };
  return marked;
}

/** The kind of carrier that a getter reads; default `request`. */
export function carrierKindOf(getter: object): CarrierKind {
  return (getter as { readonly [CARRIER_KIND]?: CarrierKind })[CARRIER_KIND] ?? 'request';
}

/** The receiver of an injected context. */
export interface InjectionTarget {
  readonly kind: CarrierKind;
  /** The host and port of the receiver, if known. */
  readonly host?: string | undefined;
}

const KEY = createContextKey('clew.injection-target');
const UNKNOWN: InjectionTarget = { kind: 'request' };
let wanted = false;

/** Makes templates set the injection target in the context. Called by code that signs, so that others don't pay for it. */
export function wantInjectionTargets(): void {
  wanted = true;
}

/** Returns a context with the target of the next injection. */
export function withInjectionTarget(context: Context, target: InjectionTarget): Context {
  return wanted ? context.setValue(KEY, target) : context;
}

/** The target of the next injection; default a request to an unknown host. */
export function injectionTargetOf(context: Context): InjectionTarget {
  return (context.getValue(KEY) as InjectionTarget | undefined) ?? UNKNOWN;
}
