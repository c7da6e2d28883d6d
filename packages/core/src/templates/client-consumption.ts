import { isCancellation } from '../cancellation.ts';
import { guard } from '../kit/failures.ts';
import { observePromise } from '../kit/observe-promise.ts';
import { ownMethod } from '../kit/own-method.ts';
import type { ClientCall } from './client-call.ts';

/** How a plugin reads the chunks of a stream. */
export interface StreamView<Chunk> {
  /**
   * The method of the stream that creates its iterator, and that all ways to consume the stream use;
   * `Symbol.asyncIterator` by default. Not needed for a stream that is an iterator itself, or a web stream.
   */
  readonly iterator?: PropertyKey | undefined;
  /** The signal by which the stream is aborted, as by `stream.controller.abort()`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each chunk of a recorded or measured call. */
  readonly chunk?: ((chunk: Chunk) => void) | undefined;
  /** Whether a chunk is the first one that counts for the time to the first chunk; by default, any chunk is. */
  readonly isOutput?: ((chunk: Chunk) => boolean) | undefined;
  /** Called before the call ends, whatever the reason: describes what the chunks contained. */
  readonly end?: (() => void) | undefined;
}

/** The consumption of one stream: it ends the call, whichever of its iterators or readers reaches the end. */
export class Consumption {
  readonly #call: ClientCall;
  readonly #view: StreamView<unknown>;
  #pendingReads = 0;
  #isLeaving = false;

  constructor(call: ClientCall, view: StreamView<unknown>) {
    this.#call = call;
    this.#view = view;
  }

  /** Follows an iterator. Returns false if it is frozen. `isLeft` is whether a loop that is left cancels the stream. */
  followIterator(iterator: object, isLeft = true): boolean {
    const isFollowed = ownMethod(
      iterator,
      'next',
      (next) =>
        (...args) =>
          this.read(() => next(...args)),
    );
    if (!isFollowed) return false;
    this.endWithout(iterator);
    if (!isLeft) return true;
    for (const name of ['return', 'throw'])
      ownMethod(
        iterator,
        name,
        (original) =>
          (...args) =>
            this.leave(() => original(...args)),
      );
    return true;
  }

  /** Ends the call when the object that reads the stream now is garbage. */
  endWithout(object: object): void {
    this.#call.endWithout(object);
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

  /** Reads a chunk. If the reader was released in the meantime, the result of the read is ignored. */
  read(next: () => unknown, isReleased: () => boolean = () => false): unknown {
    this.#pendingReads++;
    const succeeded = (result: unknown) => {
      this.#pendingReads--;
      const { done, value } = result as IteratorResult<unknown>;
      if (done === true) this.finish();
      else this.#chunk(value);
    };
    const failed = (error: unknown) => {
      this.#pendingReads--;
      if (!isReleased()) this.fail(error);
    };
    return watch(next, succeeded, failed);
  }

  /** Leaves the stream. `reason` is the one that the consumer gives for it: an abort is a cancellation. */
  leave(leave: () => unknown, reason?: unknown): unknown {
    if (this.#call.ended) return leave();
    this.#isLeaving = true;
    const left = () => {
      if (isCancellation(reason)) this.fail(reason);
      else this.#call.leave('abandoned');
    };
    return watch(leave, left, (error) => this.fail(error));
  }

  fail(error: unknown): void {
    this.#call.fail(error);
    this.#call.end();
  }

  /**
   * The end of the stream. Some SDKs end an aborted stream as if it were complete, and a web stream that is left ends at
   * once for the reads that are pending.
   */
  finish(): void {
    if (this.#isLeaving) return;
    const { signal } = this.#view;
    if (signal?.aborted === true && !this.#call.ended) this.#call.fail(signal.reason);
    this.#call.end();
  }

  readonly #aborted = () => {
    if (this.#pendingReads > 0 || this.#isLeaving) return;
    this.fail(this.#view.signal?.reason);
  };

  #chunk(chunk: unknown): void {
    if (this.#call.ended) return;
    const { chunk: read, isOutput } = this.#view;
    if (isOutput === undefined || guard('reading a chunk', () => isOutput(chunk)) === true)
      this.#call.firstChunk();
    if (read !== undefined) guard('reading a chunk', () => read(chunk));
  }
}

function watch(
  run: () => unknown,
  succeeded: (result: unknown) => void,
  failed: (error: unknown) => void,
): unknown {
  try {
    return observePromise(run(), succeeded, failed);
  } catch (error) {
    failed(error);
    throw error;
  }
}
