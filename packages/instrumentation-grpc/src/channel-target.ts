import { isIP, isIPv6 } from 'node:net';
import { ATTR, type Receiver } from '@clew/core/plugin';
import type { Attributes } from '@opentelemetry/api';

/** The port of a name without one. */
const DEFAULT_PORT = 443;

/** The server of a channel. */
export interface ServerOfChannel {
  readonly attributes: Attributes;
  /** Where context is sent. */
  readonly receiver: Receiver;
}

/**
 * Reads the target of a channel: `dns:///shop.example:50051`, `unix:/run/shop.sock`, `ipv4:10.0.0.1:50051,10.0.0.2:50051`,
 * `xds:///shop`. For a list of addresses and a name of another system, `server.address` is the whole target.
 * Sources: https://github.com/grpc/grpc/blob/master/doc/naming.md,
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
export function readTarget(target: string): ServerOfChannel {
  const [, scheme = 'dns', rest = target] =
    /^(dns|ipv4|ipv6|unix|unix-abstract|xds|\w+(?=:\/)):(.*)$/.exec(target) ?? [];
  // `//authority/` names the DNS server to ask.
  const endpoint = /^\/\/[^/]*\/(.*)$/.exec(rest)?.[1] ?? rest;
  if (scheme.startsWith('unix')) {
    const path = rest.startsWith('//') ? rest.replace(/^\/\/[^/]*/, '') : rest;
    return { attributes: { [ATTR.serverAddress]: path }, receiver: 'local' };
  }
  if (scheme !== 'dns' && (!scheme.startsWith('ip') || endpoint.includes(','))) {
    const receiver = scheme === 'xds' ? { host: endpoint } : undefined;
    return { attributes: { [ATTR.serverAddress]: target }, receiver };
  }
  const { host, port = DEFAULT_PORT } = splitAddress(endpoint);
  return {
    attributes: { [ATTR.serverAddress]: host, [ATTR.serverPort]: port },
    receiver: { host: isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}` },
  };
}

/**
 * The address and port of a connection, or the path of its socket; nothing if the call has none, for which the library
 * gives the target.
 */
export function peerAttributes(
  peer: string,
  { attributes, receiver }: ServerOfChannel,
): Attributes | undefined {
  const isSocket = peer.startsWith('/') || (receiver === 'local' && peer === attributes[ATTR.serverAddress]);
  if (isSocket) return { [ATTR.networkPeerAddress]: peer };
  const { host, port } = splitAddress(peer);
  if (isIP(host) === 0 || port === undefined) return undefined;
  return { [ATTR.networkPeerAddress]: host, [ATTR.networkPeerPort]: port };
}

function splitAddress(address: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, host, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  const found = bracketed ?? host;
  // An IPv6 address without brackets has no port.
  if (found === undefined) return { host: address, port: undefined };
  return { host: found, port: port === undefined ? undefined : Number(port) };
}
