import { ReadableStream, type ReadableStreamDefaultReader } from 'node:stream/web';
import type { Consumption } from './client-consumption.ts';

type Reader = ReadableStreamDefaultReader<unknown>;

interface Controller {
  enqueue(chunk: unknown): void;
  close(): void;
  error(reason: unknown): void;
  /** Of a stream of bytes, while a reader waits for bytes in a buffer of its own. */
  readonly byobRequest?: { respond(bytes: number): void } | null;
}

/**
 * Stands for a web stream where it is piped or split, because Node then reads it without calling its methods. It buffers
 * nothing: it reads a chunk when its reader requests one.
 */
export class StreamRelay {
  readonly readable: ReadableStream;
  readonly #source: ReadableStream;
  readonly #consumption: Consumption;
  readonly #keepsLock: boolean;
  readonly #reader = Promise.withResolvers<Reader>();
  #controller: Controller | undefined;
  #pulled: Promise<void> = Promise.resolve();

  /** `keepsLock` is whether the source stays locked at the end: after `tee`, it does. */
  constructor(source: ReadableStream, consumption: Consumption, keepsLock: boolean) {
    this.#source = source;
    this.#consumption = consumption;
    this.#keepsLock = keepsLock;
    const underlying = {
      start: (controller: unknown) => {
        this.#controller = controller as Controller;
      },
      pull: () => {
        this.#pulled = this.#pull();
        return this.#pulled;
      },
      cancel: async (reason: unknown) => {
        const reader = await this.#reader.promise;
        try {
          return await reader.cancel(reason);
        } finally {
          this.#release(reader);
        }
      },
    };
    this.readable = isByteStream(source)
      ? new ReadableStream({ ...underlying, type: 'bytes' })
      : new ReadableStream(underlying, { highWaterMark: 0 });
  }

  /** Locks the source. Its end and its error reach the relay even if its reader requests nothing. */
  start(): void {
    const reader = this.#source.getReader();
    this.#reader.resolve(reader);
    const closed = () =>
      // The last chunk may be on its way.
      this.#pulled.then(() => {
        this.#consumption.finish();
        this.#close(reader);
      });
    reader.closed.then(closed).catch((error: unknown) => {
      this.#attempt(() => this.#controller?.error(error));
      this.#consumption.fail(error);
      this.#release(reader);
    });
  }

  async #pull(): Promise<void> {
    const reader = await this.#reader.promise;
    const { done, value } = await reader.read();
    if (done) this.#close(reader);
    else this.#attempt(() => this.#controller?.enqueue(value));
  }

  #close(reader: Reader): void {
    this.#attempt(() => {
      this.#controller?.close();
      this.#controller?.byobRequest?.respond(0);
    });
    this.#release(reader);
  }

  #release(reader: Reader): void {
    if (!this.#keepsLock) this.#attempt(() => reader.releaseLock());
  }

  /** The consumer may have cancelled the relay, or its source has ended it, in the meantime. */
  #attempt(run: () => void): void {
    try {
      run();
    } catch {}
  }
}

/** Readers with buffers of their own exist only for streams of bytes. To get and release one changes nothing. */
function isByteStream(stream: ReadableStream): boolean {
  try {
    const { getReader } = ReadableStream.prototype;
    Reflect.apply(getReader, stream, [{ mode: 'byob' }]).releaseLock();
    return true;
  } catch {
    return false;
  }
}
