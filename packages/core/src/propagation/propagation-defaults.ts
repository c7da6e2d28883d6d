import { remembered } from '../kit/remembered.ts';
import { type AllowsHost, type Destinations, destinationDecider } from './destinations.ts';
import { type Entrance, type Trust, type TrustOption, trustDecider } from './trust.ts';

/** Which peers are trusted, and where context is sent, for plugins whose own options are not set. */
export interface PropagationDefaults {
  /** Default `continue`. */
  readonly trust: TrustOption;
  /** Where trace context is sent. Default `all`. */
  readonly sendTo: Destinations;
  /** Where baggage is sent, out of the destinations of trace context. Default `all`. */
  readonly sendBaggageTo: Destinations;
}

const LIKE_OPENTELEMETRY: PropagationDefaults = { trust: 'continue', sendTo: 'all', sendBaggageTo: 'all' };

/** Shared by all copies of this package in the process. */
const KEY = Symbol.for('clew.propagation-defaults');
const shared = globalThis as { [KEY]?: { defaults: PropagationDefaults } };
shared[KEY] ??= { defaults: LIKE_OPENTELEMETRY };
/** Looked up once, because reading a property of the global object is slow. */
const holder = shared[KEY];

/** Sets the propagation defaults of the process. A missing member has the behaviour of OpenTelemetry. */
export function setPropagationDefaults(defaults: Partial<PropagationDefaults>): void {
  holder.defaults = { ...LIKE_OPENTELEMETRY, ...defaults };
}

/** The propagation defaults of the process. */
export function propagationDefaults(): PropagationDefaults {
  return holder.defaults;
}

/** Creates the trust decision for incoming messages: by the plugin's option, or by the propagation defaults if the option is not set. */
export function trustBy(): (option: TrustOption | undefined, entrance: () => Entrance) => Trust {
  const decider = remembered(trustDecider);
  return (option, entrance) => decider(option ?? propagationDefaults().trust)(entrance);
}

/** Creates the decision for outgoing messages: by the plugin's option, or by the propagation defaults if the option is not set. */
export function sendingBy(
  which: 'sendTo' | 'sendBaggageTo',
): (option: Destinations | undefined) => AllowsHost {
  const decider = remembered(destinationDecider);
  return (option) => decider(option ?? propagationDefaults()[which]);
}
