import type { Buffer } from 'node:buffer';

/** What the plugin uses of `Metadata`. */
export interface Metadata {
  get(key: string): readonly (string | Buffer)[];
  set(key: string, value: string | Buffer): void;
  remove(key: string): void;
  getMap(): Readonly<Record<string, string | Buffer>>;
  clone(): Metadata;
}

export interface Status {
  readonly code: number;
  readonly details?: string | undefined;
  readonly metadata?: Metadata | null | undefined;
}

/** What a call of a channel reports. */
export interface Listener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: Status): void;
}

/** A call of a channel, below the interceptors of the application. Its class is not exported. */
export interface ChannelCall {
  start(metadata: Metadata, listener: Listener): void;
  cancelWithStatus(code: number, details: string): void;
  getPeer(): string;
}

export interface Channel {
  getTarget(): string;
  createCall(this: Channel, method: string, ...more: unknown[]): ChannelCall;
}

/** What a served call reports. */
export interface ServerListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

/** A socket of a session of HTTP/2. */
interface Socket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** The server that has accepted the connection; Node.js sets it. */
  readonly server?: { address?(): unknown } | undefined;
}

/** The stream of HTTP/2 of a served call. */
export interface ServerStream {
  readonly session?: { readonly socket?: Socket | undefined } | undefined;
  readonly destroyed: boolean;
  readonly closed: boolean;
}

/** A served call, below the interceptors of the application. Its class is not exported. */
export interface ServedCall {
  readonly handler: { readonly path: string };
  readonly metadata: Metadata;
  readonly stream: ServerStream;
  readonly cancelled: boolean;
  start(listener: ServerListener): void;
  sendMetadata(metadata: Metadata): void;
  sendMessage(message: unknown, callback: () => void): void;
  sendStatus(status: Status): void;
  /** Called once the status was sent or the stream was closed; later calls do nothing. */
  notifyOnCancel(): void;
}

/** `/shop.Orders/Total` as `shop.Orders/Total`. */
export function methodOf(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}
