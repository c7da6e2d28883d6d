import type { EventEmitter } from 'node:events';
import type * as Grpc from '@grpc/grpc-js';
import type { Api } from './apis.ts';
import { type Client, definition, type Handlers } from './traced.ts';

export type Kind = 'unary' | 'collect' | 'list' | 'chat';

export const kinds: readonly Kind[] = ['unary', 'collect', 'list', 'chat'];

/** A served call of any kind. */
export interface Served {
  readonly kind: Kind;
  readonly metadata: Grpc.Metadata;
  /** Sends a message, if the kind has a stream of responses. */
  write(text: string): void;
  /** Responds with OK once the client has sent everything. */
  respond(): void;
  fail(code: number, details: string): void;
}

type Done = (error: object | null, value?: string) => void;
interface ServedCall extends EventEmitter {
  readonly metadata: Grpc.Metadata;
  write(text: string): void;
  end(): void;
  once(event: 'end', listener: () => void): this;
  resume(): void;
}

/** Serves the calls of all kinds with one function. */
export function servedBy(serve: (call: Served) => void): Handlers {
  const handlerOf = (kind: Kind) => (call: ServedCall, done: Done) => {
    const [requestStream, responseStream] = [
      kind === 'collect' || kind === 'chat',
      kind === 'list' || kind === 'chat',
    ];
    // Listened for at once: the end may come before the handler responds.
    const received = requestStream && new Promise<void>((resolve) => call.once('end', resolve).resume());
    const finish = responseStream ? () => call.end() : () => done(null, '42');
    serve({
      kind,
      metadata: call.metadata,
      write: (text) => {
        if (responseStream) call.write(text);
      },
      respond: () => {
        if (received) void received.then(finish);
        else finish();
      },
      fail: (code, details) => {
        if (responseStream) call.emit('error', { code, details });
        else done({ code, details });
      },
    });
  };
  return Object.fromEntries(kinds.map((kind) => [kind, handlerOf(kind)])) as unknown as Handlers;
}

/** A call of any kind, as its caller sees it. */
export interface Made {
  cancel(): void;
  destroy(): void;
  /** The status code that the caller gets. */
  readonly code: Promise<number>;
  /** Resolves when the caller gets a message. */
  readonly message: Promise<unknown>;
  /** Listens to an event of the object that the client has returned. */
  on(event: string, listener: () => void): void;
}

interface ClientCall extends EventEmitter {
  cancel(): void;
  destroy(): void;
  write(text: string): void;
  end(): void;
}

/** Makes a call with one message, and reads all responses. */
export function make(
  api: Api,
  client: Client,
  kind: Kind,
  { text = 'a', metadata = new api.grpc.Metadata(), options = {}, done = () => {} }: MakeOptions = {},
): Made {
  const { path, requestSerialize: serialize, responseDeserialize: deserialize } = definition[kind];
  // The methods of the created client keep those that `Client` had when the library was loaded, as in a bundle. The
  // tests of the preload use the created methods.
  const start = (): unknown => {
    if (kind === 'unary') return client.unary(text, metadata, options, done);
    if (kind === 'collect')
      return client.makeClientStreamRequest(path, serialize, deserialize, metadata, options, done);
    if (kind === 'list')
      return client.makeServerStreamRequest(path, serialize, deserialize, text, metadata, options);
    return client.makeBidiStreamRequest(path, serialize, deserialize, metadata, options);
  };
  const call = start() as ClientCall;
  const code = new Promise<number>((resolve) => call.on('status', ({ code: given }) => resolve(given)));
  call.on('error', () => {});
  const message = new Promise((resolve) => {
    if (kind === 'list' || kind === 'chat') call.on('data', resolve);
  });
  if (kind === 'collect' || kind === 'chat') {
    call.write(text);
    call.end();
  }
  return {
    cancel: () => call.cancel(),
    destroy: () => call.destroy(),
    code,
    message,
    on: (event, listener) => call.on(event, listener),
  };
}

export interface MakeOptions {
  readonly text?: string;
  readonly metadata?: Grpc.Metadata;
  readonly options?: Grpc.CallOptions;
  readonly done?: (error: Grpc.ServiceError | null, value?: string) => void;
}
