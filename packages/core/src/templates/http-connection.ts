import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import { splitHost } from './http-attributes.ts';
import type { Headers, HttpServerView } from './http-server-view.ts';

/** What the requests of a connection have in common, and what it was made of. */
interface Told {
  readonly host: unknown;
  readonly version: string;
  readonly forwarded: boolean;
  readonly attributes: Attributes;
}

const told = new WeakMap<object, Told>();

/** From a connection's second request on the same frozen object, which our tracer encodes once. */
export function connectionAttributes<Request, Response>(
  view: HttpServerView<Request, Response>,
  request: Request,
  { host }: Headers,
  forwarded: boolean,
): Attributes {
  const connection = view.connection(request);
  const version = view.protocolVersion(request);
  const last = told.get(connection);
  if (last !== undefined && last.host === host && last.version === version && last.forwarded === forwarded)
    return Object.freeze(last.attributes);
  const attributes = attributesOf(view, request, host, version, forwarded);
  told.set(connection, { host, version, forwarded, attributes });
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
