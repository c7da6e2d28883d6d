import { errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import { isCancellation } from '../cancellation.ts';
import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { ownMethod } from '../kit/own-method.ts';
import type { ClientCall } from './client-call.ts';

/** How a plugin reads the chunks of a stream. */
export interface StreamView<Chunk> {
  /**
   * The method of the stream that creates its iterator, and that all ways to consume the stream use;
   * `Symbol.asyncIterator` by default. Not needed for a stream that is an iterator itself.
   */
  readonly iterator?: PropertyKey | undefined;
  /** The signal by which the stream is aborted, as by `stream.controller.abort()`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each chunk of a recorded or measured call. */
  readonly chunk?: ((chunk: Chunk) => void) | undefined;
  /** Called before the call ends, whatever the reason: describes what the chunks contained. */
  readonly end?: (() => void) | undefined;
}

/**
 * Ends the call with a stream that is consumed as an async iterator: at its last chunk, with its error, when the consumer
 * leaves it (`break`, `return()`), when it is aborted, or when it is garbage. Returns the same stream, whose iterators
 * remain the SDK's own objects. Call it while the result is delivered: see `ClientCall.settle`.
 */
export function traceStream<Stream extends object, Chunk = unknown>(
  call: ClientCall,
  stream: Stream,
  view: StreamView<Chunk> = {},
): Stream {
  if (!call.observed) return stream;
  const consumption = new Consumption(call, view as StreamView<unknown>);
  const { iterator: factory = Symbol.asyncIterator } = view;
  const traced = isIterator(stream)
    ? consumption.trace(stream)
    : ownMethod(stream, factory, (create) => (...args) => {
        const iterator = create(...args);
        if (typeof iterator === 'object' && iterator !== null) consumption.trace(iterator);
        return iterator;
      });
  // A frozen stream can't be followed: the call ends now.
  if (!traced) return stream;
  call.startStream(() => consumption.stop());
  call.endWithout(stream);
  consumption.watchSignal();
  return stream;
}

function isIterator(stream: object): boolean {
  return typeof Reflect.get(stream, 'next') === 'function';
}

/** The consumption of one stream. Only its first iterator counts: SDKs reject a second one. */
class Consumption {
  readonly #call: ClientCall;
  readonly #view: StreamView<unknown>;
  #isTraced = false;
  #pendingReads = 0;
  #isLeaving = false;

  constructor(call: ClientCall, view: StreamView<unknown>) {
    this.#call = call;
    this.#view = view;
  }

  trace(iterator: object): boolean {
    if (this.#isTraced) return true;
    this.#isTraced = ownMethod(
      iterator,
      'next',
      (next) =>
        (...args) =>
          this.#read(() => next(...args)),
    );
    if (!this.#isTraced) return false;
    this.#call.endWithout(iterator);
    ownMethod(
      iterator,
      'return',
      (original) =>
        (...args) =>
          this.#leave(() => original(...args)),
    );
    ownMethod(
      iterator,
      'throw',
      (original) =>
        (...args) =>
          this.#leave(() => original(...args)),
    );
    return true;
  }

  /**
   * If a read is pending, it ends the call: an SDK also aborts its own request after an error. Without a pending read, the
   * consumer may never read again.
   */
  watchSignal(): void {
    const { signal } = this.#view;
    if (signal?.aborted === true) this.#aborted();
    else signal?.addEventListener('abort', this.#aborted);
  }

  stop(): void {
    this.#view.signal?.removeEventListener('abort', this.#aborted);
    this.#view.end?.();
  }

  readonly #aborted = () => {
    if (this.#pendingReads > 0 || this.#isLeaving) return;
    this.#call.fail(this.#view.signal?.reason);
    this.#call.end();
  };

  #read(next: () => unknown): unknown {
    this.#pendingReads++;
    return this.#watch(next, (result) => {
      this.#pendingReads--;
      const { done, value } = result as IteratorResult<unknown>;
      if (done === true) this.#finish();
      else this.#chunk(value);
    });
  }

  #leave(leave: () => unknown): unknown {
    if (this.#call.ended) return leave();
    this.#isLeaving = true;
    return this.#watch(leave, () => this.#call.leave('abandoned'));
  }

  #watch(run: () => unknown, succeeded: (result: unknown) => void): unknown {
    try {
      return observePromise(run(), succeeded, (error) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#call.fail(error);
    this.#call.end();
  }

  /** Some SDKs end an aborted stream as if it were complete. */
  #finish(): void {
    const { signal } = this.#view;
    if (signal?.aborted === true && !this.#call.ended) this.#call.fail(signal.reason);
    this.#call.end();
  }

  #chunk(chunk: unknown): void {
    if (this.#call.ended) return;
    this.#call.firstChunk();
    const { chunk: read } = this.#view;
    if (read !== undefined) guard('reading a chunk', () => read(chunk));
  }
}

/** Ends the call with a Node stream: at `close`, which follows the last chunk, an error and `destroy()`. */
export function traceReadable<Stream extends Readable>(call: ClientCall, stream: Stream): Stream {
  if (!call.observed) return stream;
  const push: unknown = Object.getOwnPropertyDescriptor(stream, 'push')?.value;
  const restore = () => {
    if (push === undefined) Reflect.deleteProperty(stream, 'push');
    else Reflect.set(stream, 'push', push);
  };
  // Neither `data` nor `readable` can be listened to: each changes how the stream flows.
  ownMethod(stream, 'push', (original) => (...args) => {
    if (args[0] !== null) call.firstChunk();
    restore();
    return original(...args);
  });
  call.startStream(() => {});
  call.endWithout(stream);
  // A loop that is left destroys the stream with an error like that of an abort.
  stream.once(errorMonitor, (error) => {
    if (isCancellation(error) && !call.isAborted) call.leave('abandoned');
  });
  stream.once('close', () => {
    if (!stream.readableEnded && stream.errored === null) call.leave('abandoned');
  });
  call.endOn(stream, 'end', 'close');
  return stream;
}
