import type { ClientRequest } from 'node:http';
import { isIPv4, type Socket } from 'node:net';
import { hostOf, socketPathOf } from './client-connection.ts';

/** `_host` is the name that a socket looked up; Node sets it before the look-up, and only for a name. */
type NamedSocket = Socket & { readonly _host?: string | null };

/**
 * Calls `listener` with the host of a request's connection if it differs from the host of the request and its agent: the
 * proxy of an agent, or the peer of an application's own `createConnection`. No data was sent before. Not for TLS, where
 * the peer has proved its name.
 */
export function onOtherHost(request: ClientRequest, listener: (host: string) => void): void {
  if (request.protocol !== 'http:' || socketPathOf(request) !== undefined) return;
  request.prependOnceListener('socket', (socket) => {
    const host = otherHost(socket, hostOf(request));
    if (host !== undefined) listener(host);
  });
}

/** The host of a socket if it is not the expected one; an empty text if it is unknown. */
function otherHost({ _host: name, remoteAddress }: NamedSocket, expected: string): string | undefined {
  if (name) return name === expected ? undefined : name;
  // Without a look-up, the socket connects to an address, which is unknown before it is connected.
  if (isAddress(expected)) {
    const isOther = isIPv4(expected) && remoteAddress !== undefined && remoteAddress !== expected;
    return isOther ? remoteAddress : undefined;
  }
  return remoteAddress ?? '';
}

function isAddress(host: string): boolean {
  return isIPv4(host) || host.includes(':');
}
