import type { ClientRequest } from 'node:http';
import { isIPv4, type Socket } from 'node:net';
import { hostOf, socketPathOf } from './client-connection.ts';

/** The name that a socket looked up; Node sets it before the look-up, and only for a name. */
type NamedSocket = Socket & { readonly _host?: string | null };

/**
 * Calls back with the host of a request's connection if it is not the one that the request and its agent name: the
 * proxy of an agent, or whatever an application's own `createConnection` connects to. Nothing has been sent then. A
 * connection with TLS is left out: its peer has proved its name.
 */
export function whenElsewhere(request: ClientRequest, listener: (host: string) => void): void {
  if (request.protocol !== 'http:' || socketPathOf(request) !== undefined) return;
  request.prependOnceListener('socket', (socket) => {
    const host = elsewhere(socket, hostOf(request));
    if (host !== undefined) listener(host);
  });
}

/** The host of a socket where it is not the expected one; empty where it is not known. */
function elsewhere({ _host: looked, remoteAddress }: NamedSocket, expected: string): string | undefined {
  if (looked) return looked === expected ? undefined : looked;
  // Without a look-up it went to an address. Which one is not known before it is connected.
  if (isAddress(expected)) {
    const isOther = isIPv4(expected) && remoteAddress !== undefined && remoteAddress !== expected;
    return isOther ? remoteAddress : undefined;
  }
  return remoteAddress ?? '';
}

function isAddress(host: string): boolean {
  return isIPv4(host) || host.includes(':');
}
