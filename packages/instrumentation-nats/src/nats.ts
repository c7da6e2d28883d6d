/** The parts of the library's own objects that the plugin reads; the same in nats 2 and in `@nats-io/*` 3. */
export interface Protocol {
  readonly info?: { readonly headers?: boolean; readonly max_payload?: number };
  getServer?(): Server | undefined;
  readonly closed?: Promise<unknown>;
}

export interface Server {
  readonly hostname?: string;
  readonly port?: number;
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

/** The value of the promise that `requestMany` returns. */
export interface Replies {
  readonly iterClosed: Promise<unknown>;
}

/** A consumer of JetStream, or an iterator that its `consume` or `fetch` returns. */
export interface JetStreamSource {
  readonly _info?: { readonly config?: { readonly ack_policy?: string } };
  readonly info?: unknown;
  readonly consumer?: JetStreamSource;
}

/** A subscription, or an object that contains one: all have the same class of iterators. */
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

/** Whether each message of a consumer must be acknowledged. */
export function acksEach(source: JetStreamSource): boolean {
  const { config } = (source._info ?? source.consumer?._info ?? source.info ?? {}) as NonNullable<
    JetStreamSource['_info']
  >;
  return config?.ack_policy === 'explicit';
}
