import { madeOf } from '../kit/made-of.ts';
import { type AllowsHost, type Destinations, destinationDecider } from './destinations.ts';
import { type Entrance, type Trust, type TrustOption, trustDecider } from './trust.ts';

/** Who is believed, and who is told: what holds for every plugin whose own options do not say otherwise. */
export interface PropagationPolicy {
  /** Default `continue`. */
  readonly trust: TrustOption;
  /** Where trace context goes. Default `all`. */
  readonly sendTo: Destinations;
  /** Where baggage goes, of those to whom trace context goes. Default `all`. */
  readonly sendBaggageTo: Destinations;
}

const OPEN: PropagationPolicy = { trust: 'continue', sendTo: 'all', sendBaggageTo: 'all' };

/** One in a process, also over several copies of this package. */
const KEY = Symbol.for('clew.propagation-policy');
const shared = globalThis as { [KEY]?: { policy: PropagationPolicy } };
shared[KEY] ??= { policy: OPEN };
/** Looked up once: a property of the global object is not found fast. */
const holder = shared[KEY];

/** Sets the policy of the process; what is not given is open, as in OpenTelemetry. */
export function setPropagationPolicy(policy: Partial<PropagationPolicy>): void {
  holder.policy = { ...OPEN, ...policy };
}

/** The policy in force. */
export function propagationPolicy(): PropagationPolicy {
  return holder.policy;
}

/** Decides about incoming messages by a plugin's option, or by the policy where it has none. */
export function trustBy(): (option: TrustOption | undefined, entrance: () => Entrance) => Trust {
  const decider = madeOf(trustDecider);
  return (option, entrance) => decider(option ?? propagationPolicy().trust)(entrance);
}

/** Decides about outgoing messages by a plugin's option, or by the policy where it has none. */
export function sendingBy(
  which: 'sendTo' | 'sendBaggageTo',
): (option: Destinations | undefined) => AllowsHost {
  const decider = madeOf(destinationDecider);
  return (option) => decider(option ?? propagationPolicy()[which]);
}
