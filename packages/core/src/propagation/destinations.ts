import { remembered } from '../kit/remembered.ts';

/**
 * Where context is sent: to all hosts, to none, to the host of the request that is being served, or to hosts that match
 * a pattern of a list (`api.example.com`, `*.internal`, `localhost:8080`).
 */
export type Destinations = 'all' | 'none' | 'same-origin' | readonly string[];

export const DESTINATIONS_EXPECTED = '"all" | "none" | "same-origin" | a list of host patterns';

/** Whether a value is a valid `Destinations` option. */
export function isDestinations(value: unknown): value is Destinations {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string' && item !== '');
  return value === 'all' || value === 'none' || value === 'same-origin';
}

/** Decides by the host of the outgoing connection and the `Host` header of the request that is being served. */
export type AllowsHost = (host: string, servedHost: string | undefined) => boolean;

/** Allows every host; compared by identity to skip further checks. */
export const allowsAll: AllowsHost = () => true;

/** Creates the decision of an option; the decisions of a list are cached by host. */
export function destinationDecider(destinations: Destinations): AllowsHost {
  if (destinations === 'all') return allowsAll;
  if (destinations === 'none') return () => false;
  if (destinations === 'same-origin') return isSameHost;
  const patterns = destinations.map(matcherOf);
  return remembered((host: string) => patterns.some((matches) => matches(host.toLowerCase())));
}

/** A `Host` header omits the default port. */
function isSameHost(host: string, servedHost: string | undefined): boolean {
  if (servedHost === undefined) return false;
  const served = servedHost.toLowerCase();
  const requested = host.toLowerCase();
  return requested === served || requested === `${served}:80` || requested === `${served}:443`;
}

/** A pattern without a port matches every port. */
function matcherOf(pattern: string): (host: string) => boolean {
  const lower = pattern.toLowerCase();
  const withPort = /:\d+$/.test(lower) && !lower.endsWith(']');
  const wanted = lower.startsWith('*.') ? lower.slice(1) : lower;
  return (host) => {
    const compared = withPort ? host : host.replace(/:\d+$/, '');
    if (lower === '*') return true;
    return lower.startsWith('*.')
      ? compared.endsWith(wanted) && compared.length > wanted.length
      : compared === wanted;
  };
}
