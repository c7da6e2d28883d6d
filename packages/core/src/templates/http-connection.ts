import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import { shareAttributes } from '../shared-attributes.ts';
import { splitHost } from './http-attributes.ts';
import type { Headers, HttpServerView } from './http-server-view.ts';

/** The attributes that the requests of a connection share, and the values from which they were computed. */
interface KnownConnection {
  readonly host: unknown;
  readonly version: string;
  readonly forwarded: boolean;
  readonly attributes: Attributes;
}

const knownConnections = new WeakMap<object, KnownConnection>();

/**
 * Returns the attributes that all requests of a connection share. From the second request on, this is the same frozen
 * object, which Clew's tracer encodes once.
 */
export function connectionAttributes<Request, Response>(
  view: HttpServerView<Request, Response>,
  request: Request,
  { host }: Headers,
  forwarded: boolean,
): Attributes {
  const connection = view.connection(request);
  const version = view.protocolVersion(request);
  const last = knownConnections.get(connection);
  if (last !== undefined && last.host === host && last.version === version && last.forwarded === forwarded)
    return shareAttributes(last.attributes);
  const attributes = attributesOf(view, request, host, version, forwarded);
  knownConnections.set(connection, { host, version, forwarded, attributes });
  return attributes;
}

function attributesOf<Request, Response>(
  view: HttpServerView<Request, Response>,
  request: Request,
  host: unknown,
  version: string,
  forwarded: boolean,
): Attributes {
  const attributes: Attributes = { [ATTR.networkProtocolVersion]: version };
  if (typeof host === 'string') {
    const { address, port } = splitHost(host);
    attributes[ATTR.serverAddress] = address;
    if (port !== undefined) attributes[ATTR.serverPort] = port;
  }
  const peer = view.peer(request);
  if (peer.address !== undefined) {
    attributes[ATTR.networkPeerAddress] = peer.address;
    if (peer.port !== undefined) attributes[ATTR.networkPeerPort] = peer.port;
    if (!forwarded) attributes[ATTR.clientAddress] = peer.address;
  }
  return attributes;
}
