import { type HostParts, splitHost, splitTarget } from './http-attributes.ts';
import type { HttpClientView } from './http-client-view.ts';

/** Where a connection goes. */
export interface ConnectionPeer {
  /** A name, an IP address without brackets, or the path of a Unix domain socket. */
  readonly host: string;
  /** Unknown where the library does not show it; a Unix domain socket has none. */
  readonly port: number | undefined;
}

/** Where a request goes and what it asks for. */
export interface RequestAddress {
  /** Scheme, host and port of the URL. */
  readonly origin: string;
  /** Path and query of the URL. */
  readonly path: string;
  readonly serverAddress: string;
  readonly serverPort: number | undefined;
  /**
   * Each host that gets the request, with its port where that is known: first where the connection goes, then the host
   * that a proxy is asked for. Context may go to all of them or it is not sent.
   */
  readonly destinations: readonly string[];
}

/**
 * Reads where a request goes. The connection decides: a request target that names another host adds a destination and
 * never replaces the connection's, and a `Host` header is for the URL only.
 */
export function readAddress<Request, Response>(
  view: HttpClientView<Request, Response>,
  request: Request,
): RequestAddress {
  const target = view.target(request);
  const { origin: asked, path } = splitTarget(target);
  const named = view.origin(request);
  const peer = view.peer?.(request);
  const { address, port } =
    asked === undefined && peer !== undefined ? serverOf(peer, named) : namedServer(asked ?? named);
  const connected = peer === undefined ? withPort(named) : destinationOf(peer);
  let origin = asked ?? named;
  let destinations: readonly string[] = [connected];
  if (asked !== undefined) destinations = [connected, withPort(asked)];
  else if (view.method(request) === 'CONNECT') {
    // Node 26 writes the host of the tunnel into `Host`, older versions the proxy that is asked for it.
    if (peer !== undefined) origin = `${named.slice(0, named.indexOf('://') + 3)}${connected}`;
    destinations = [connected, target];
  }
  return {
    origin,
    // What CONNECT and `OPTIONS *` ask for is not a path.
    path: path.startsWith('/') ? path : '',
    serverAddress: address,
    serverPort: port,
    destinations,
  };
}

/** The server that a URL names. */
function namedServer(origin: string): HostParts {
  const { address, port } = splitHost(hostOf(origin));
  return { address, port: port ?? defaultPort(origin) };
}

/** The server that a connection goes to. Where its port is not known, the URL names it, if it names the same host. */
function serverOf({ host, port }: ConnectionPeer, named: string): HostParts {
  if (port !== undefined || isSocketPath(host)) return { address: host, port };
  const server = namedServer(named);
  return server.address === host ? server : { address: host, port: undefined };
}

/** A peer as destinations name it: `shop.example:8443`, `[::1]:80`, `/run/shop.sock`. */
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
