import type { Attributes } from '@opentelemetry/api';

/** The parts of the library's own objects that the plugin reads; the same in nats 2 and in `@nats-io/*` 3. */
export interface Protocol {
  readonly info?: { readonly headers?: boolean; readonly max_payload?: number };
  readonly options?: { readonly inboxPrefix?: string };
  getServer?(): { readonly hostname?: string; readonly port?: number } | undefined;
  readonly closed?: Promise<unknown>;
}

export interface Connection {
  readonly protocol: Protocol;
}

export interface MsgHeaders {
  readonly code: number;
  readonly description: string;
  keys(): string[];
  values(name: string): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
  toString(): string;
}

export type HeadersFactory = (code?: number, description?: string) => MsgHeaders;

/** A delivered message. */
export interface Msg {
  readonly subject: string;
  readonly reply?: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHeaders;
  readonly publisher: Protocol;
}

/** A message that JetStream delivered, around the plain one. */
export interface JsMsg {
  readonly msg: Msg;
  readonly didAck: boolean;
  readonly redelivered: boolean;
  readonly info: { readonly consumer: string };
}

export interface PublishOptions {
  readonly headers?: MsgHeaders | undefined;
  readonly reply?: string | undefined;
}

/** What `requestMany` brings. */
export interface Replies {
  readonly iterClosed: Promise<unknown>;
}

/** What delivers JetStream's messages: a consumer, or what its `consume` and `fetch` return. */
export interface JetStreamSource {
  readonly _info?: { readonly config?: { readonly ack_policy?: string } };
  readonly info?: unknown;
  readonly consumer?: JetStreamSource;
}

/** A subscription, or what wraps one: the class of iterators is the same for all. */
export interface Subscription extends JetStreamSource {
  readonly protocol?: Protocol;
  readonly subject?: string;
  readonly queue?: string;
  readonly sub?: Subscription;
  readonly src?: Subscription;
}

/** The connection of a subscription. */
export function protocolOf({ protocol, sub, src }: Subscription): Protocol | undefined {
  return protocol ?? sub?.protocol ?? src?.sub?.protocol;
}

/** Subjects of the server's own API: JetStream's requests and acknowledgements, and the discovery of services. */
export function isServersOwn(subject: unknown): boolean {
  return typeof subject === 'string' && /^\$(?:JS|SYS|SRV)\./.test(subject);
}

/** Whether JetStream waits for an acknowledgement of each message of its own. */
export function acksEach(source: JetStreamSource): boolean {
  const { config } = (source._info ?? source.consumer?._info ?? source.info ?? {}) as NonNullable<
    JetStreamSource['_info']
  >;
  return config?.ack_policy === 'explicit';
}

/** From the server that the client chose, never from a URL: a URL may contain credentials. */
export function serverOf(protocol: Protocol): Attributes {
  const { hostname, port } = protocol.getServer?.() ?? {};
  return {
    ...(hostname !== undefined && { 'server.address': hostname }),
    ...(port !== undefined && { 'server.port': port }),
  };
}
