import { madeOf } from '../kit/made-of.ts';
import { type AllowsHost, type Destinations, destinationDecider } from './destinations.ts';
import { type Entrance, type Trust, type TrustOption, trustDecider } from './trust.ts';

/** Which peers are trusted, and where context is sent: the defaults for plugins whose own options are not set. */
export interface PropagationPolicy {
  /** Default `continue`. */
  readonly trust: TrustOption;
  /** Where trace context is sent. Default `all`. */
  readonly sendTo: Destinations;
  /** Where baggage is sent, out of the destinations of trace context. Default `all`. */
  readonly sendBaggageTo: Destinations;
}

const DEFAULT_POLICY: PropagationPolicy = { trust: 'continue', sendTo: 'all', sendBaggageTo: 'all' };

/** Shared by all copies of this package in the process. */
const KEY = Symbol.for('clew.propagation-policy');
const shared = globalThis as { [KEY]?: { policy: PropagationPolicy } };
shared[KEY] ??= { policy: DEFAULT_POLICY };
/** Looked up once, because reading a property of the global object is slow. */
const holder = shared[KEY];

/** Sets the policy of the process; missing members get their default, which is that of OpenTelemetry. */
export function setPropagationPolicy(policy: Partial<PropagationPolicy>): void {
  holder.policy = { ...DEFAULT_POLICY, ...policy };
}

/** The current policy. */
export function propagationPolicy(): PropagationPolicy {
  return holder.policy;
}

/** Creates the trust decision for incoming messages: by the plugin's option, or by the policy if it has none. */
export function trustBy(): (option: TrustOption | undefined, entrance: () => Entrance) => Trust {
  const decider = madeOf(trustDecider);
  return (option, entrance) => decider(option ?? propagationPolicy().trust)(entrance);
}

/** Creates the decision for outgoing messages: by the plugin's option, or by the policy if it has none. */
export function sendingBy(
  which: 'sendTo' | 'sendBaggageTo',
): (option: Destinations | undefined) => AllowsHost {
  const decider = madeOf(destinationDecider);
  return (option) => decider(option ?? propagationPolicy()[which]);
}
