import { type HostParts, splitHost, splitTarget } from './http-attributes.ts';
import type { HttpClientView } from './http-client-view.ts';

/** The remote end of a connection. */
export interface ConnectionPeer {
  /** A name, an IP address without brackets, or the path of a Unix domain socket. */
  readonly host: string;
  /** `undefined` if the library does not expose it, and for a Unix domain socket. */
  readonly port: number | undefined;
}

/** The server, URL and destinations of a request. */
export interface RequestAddress {
  /** Scheme, host and port of the URL. */
  readonly origin: string;
  /** Path and query of the URL. */
  readonly path: string;
  readonly serverAddress: string;
  readonly serverPort: number | undefined;
  /**
   * Each host that receives the request, with its port if known: first the peer of the connection, then the host that a
   * proxy forwards to. Context is sent only if it may be sent to all of them.
   */
  readonly destinations: readonly string[];
}

/**
 * Reads the address of a request. The connection decides about destinations: a request target with another host adds a
 * destination and never replaces that of the connection, and a `Host` header affects only the URL.
 */
export function readAddress<Request, Response>(
  view: HttpClientView<Request, Response>,
  request: Request,
): RequestAddress {
  const target = view.target(request);
  const { origin: targetOrigin, path } = splitTarget(target);
  const named = view.origin(request);
  const peer = view.peer?.(request);
  const { address, port } =
    targetOrigin === undefined && peer !== undefined
      ? serverOf(peer, named)
      : namedServer(targetOrigin ?? named);
  const connected = peer === undefined ? withPort(named) : destinationOf(peer);
  let origin = targetOrigin ?? named;
  let destinations: readonly string[] = [connected];
  if (targetOrigin !== undefined) destinations = [connected, withPort(targetOrigin)];
  else if (view.method(request) === 'CONNECT') {
    // Node 26 writes the host of the tunnel into `Host`, older versions write the proxy's.
    if (peer !== undefined) origin = `${named.slice(0, named.indexOf('://') + 3)}${connected}`;
    destinations = [connected, target];
  }
  return {
    origin,
    // The target of CONNECT and of `OPTIONS *` is not a path.
    path: path.startsWith('/') ? path : '',
    serverAddress: address,
    serverPort: port,
    destinations,
  };
}

/** The server of a URL's origin, with its default port. */
function namedServer(origin: string): HostParts {
  const { address, port } = splitHost(hostOf(origin));
  return { address, port: port ?? defaultPort(origin) };
}

/** The server of a connection. If its port is unknown, that of the URL is used if the URL has the same host. */
function serverOf({ host, port }: ConnectionPeer, named: string): HostParts {
  if (port !== undefined || isSocketPath(host)) return { address: host, port };
  const server = namedServer(named);
  return server.address === host ? server : { address: host, port: undefined };
}

/** A peer in the form of a destination: `shop.example:8443`, `[::1]:80`, `/run/shop.sock`. */
function destinationOf({ host, port }: ConnectionPeer): string {
  if (port === undefined && isSocketPath(host)) return host;
  const bare = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? bare : `${bare}:${port}`;
}

function isSocketPath(host: string): boolean {
  return host.includes('/') || host.includes('\\');
}

function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('://') + 3);
}

function withPort(origin: string): string {
  const host = hostOf(origin);
  return splitHost(host).port === undefined ? `${host}:${defaultPort(origin)}` : host;
}

function defaultPort(origin: string): number {
  return origin.startsWith('https:') ? 443 : 80;
}
