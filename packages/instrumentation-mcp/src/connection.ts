import { rootContext } from '@clew/core';
import { ATTR, currentContext, type Entrance, perObject, type Receiver, urlServer } from '@clew/core/plugin';
import type { Attributes, Context } from '@opentelemetry/api';
import { KEY, shorten } from './message-attributes.ts';
import { fieldsOf, type Message, type MessageExtra, type Protocol } from './protocol.ts';

/** What is known of a transport. */
interface Transport {
  readonly attributes: Attributes;
  /** Where context is sent. */
  readonly receiver: Receiver;
  /** Whether it emits messages in the context in which it was opened, which belongs to no message. */
  readonly isStream: boolean;
}

const PIPE: Transport = { attributes: { [KEY.transport]: 'pipe' }, receiver: 'local', isStream: true };
const SERVED: Transport = {
  attributes: { [KEY.transport]: 'tcp', [KEY.protocolName]: 'http' },
  receiver: undefined,
  isStream: false,
};

/** The transports of the SDK by the names of their classes. */
const TRANSPORTS: Readonly<Record<string, Transport>> = {
  StdioClientTransport: PIPE,
  StdioServerTransport: PIPE,
  InMemoryTransport: { attributes: {}, receiver: 'local', isStream: false },
  StreamableHTTPServerTransport: SERVED,
  NodeStreamableHTTPServerTransport: SERVED,
  WebStandardStreamableHTTPServerTransport: SERVED,
  PerRequestHTTPServerTransport: SERVED,
  SSEServerTransport: SERVED,
};

const UNKNOWN: Transport = { attributes: {}, receiver: undefined, isStream: false };

const transportOf = perObject((transport: object): Transport => {
  const { hostname, port, protocol } = fieldsOf(fieldsOf(transport)._url);
  if (typeof hostname !== 'string' || typeof protocol !== 'string')
    return TRANSPORTS[transport.constructor?.name] ?? UNKNOWN;
  const isWebSocket = protocol.startsWith('ws');
  const server = urlServer({ hostname, port: String(port) });
  const serverPort = server.port ?? (/^(https|wss):$/.test(protocol) ? 443 : 80);
  return {
    attributes: {
      [KEY.transport]: 'tcp',
      [KEY.protocolName]: isWebSocket ? 'websocket' : 'http',
      [ATTR.serverAddress]: server.address ?? hostname,
      [ATTR.serverPort]: serverPort,
    },
    receiver: { host: `${hostname}:${serverPort}` },
    isStream: true,
  };
});

function knownOf({ transport }: Protocol): Transport {
  return transport === undefined ? UNKNOWN : transportOf(transport);
}

/** Who receives what this end of a connection sends. */
export function receiverOf(protocol: Protocol): Receiver {
  return knownOf(protocol).receiver;
}

/**
 * The context in which a message was received; the root context if the transport emits messages in the context in which
 * it was opened, which is that of other work.
 */
export function ambientContext(protocol: Protocol): Context {
  return knownOf(protocol).isStream ? rootContext : currentContext();
}

/** Versions that were negotiated with 1.x, which does not keep them. */
const versions = new WeakMap<Protocol, string>();

/** Keeps the version in the result of `initialize`, and returns it. */
export function negotiated(protocol: Protocol, result: unknown): string | undefined {
  const { protocolVersion } = fieldsOf(result);
  if (typeof protocolVersion !== 'string') return undefined;
  const version = shorten(protocolVersion);
  versions.set(protocol, version);
  return version;
}

/** The attributes of a connection: transport, server, session and version of the protocol. */
export function connectionAttributes(protocol: Protocol, extra?: MessageExtra): Attributes {
  const attributes: Attributes = { ...knownOf(protocol).attributes };
  const { sessionId } = fieldsOf(protocol.transport);
  if (typeof sessionId === 'string') attributes[KEY.sessionId] = shorten(sessionId);
  const version =
    protocol._negotiatedProtocolVersion ??
    versions.get(protocol) ??
    fieldsOf(extra?.requestInfo?.headers)['mcp-protocol-version'];
  if (typeof version === 'string') attributes[KEY.protocolVersion] = shorten(version);
  return attributes;
}

/**
 * Where a message was received, for the rules of trust: the path of the HTTP request, which is what the rules for servers
 * match; without one, the method of the message.
 */
export function entranceOf({ method }: Message, extra: MessageExtra | undefined): Entrance {
  const url = extra?.requestInfo?.url ?? extra?.request?.url;
  const path = url === undefined ? undefined : /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(String(url))?.[1];
  return path === undefined ? { path: method, port: undefined, isQueue: true } : { path, port: undefined };
}
