import { type Context, createContextKey, type TextMapGetter } from '@opentelemetry/api';

/**
 * A request gets its response at once; a message may wait in a queue and be delivered more than once; variables of the
 * environment may be read more than once.
 */
export type CarrierKind = 'request' | 'message' | 'environment';

/** The property of a getter that names the kind of its carriers. */
export const CARRIER_KIND = Symbol.for('clew.carrier-kind');

/** The getter of a message's headers, marked as such: a signature on a message may be as old as messages get. */
export function messageGetter<C>(getter: TextMapGetter<C>): TextMapGetter<C> {
  const marked: TextMapGetter<C> & { readonly [CARRIER_KIND]: CarrierKind } = {
    get: (carrier, key) => getter.get(carrier, key),
    keys: (carrier) => getter.keys(carrier),
    [CARRIER_KIND]: 'message',
  };
  return marked;
}

/** What a getter reads. */
export function carrierKindOf(getter: object): CarrierKind {
  return (getter as { readonly [CARRIER_KIND]?: CarrierKind })[CARRIER_KIND] ?? 'request';
}

/** What a context is injected into. */
export interface InjectionTarget {
  readonly kind: CarrierKind;
  /** The host and port that it goes to, where they are known. */
  readonly host?: string | undefined;
}

const KEY = createContextKey('clew.injection-target');
const UNKNOWN: InjectionTarget = { kind: 'request' };
let wanted = false;

/** From now on templates name what they inject into. Called by code that signs, so that other applications don't pay for it. */
export function wantInjectionTargets(): void {
  wanted = true;
}

/** Names what a context is about to be injected into. */
export function withInjectionTarget(context: Context, target: InjectionTarget): Context {
  return wanted ? context.setValue(KEY, target) : context;
}

/** What a context is injected into: a request to an unknown host by default. */
export function injectionTargetOf(context: Context): InjectionTarget {
  return (context.getValue(KEY) as InjectionTarget | undefined) ?? UNKNOWN;
}
