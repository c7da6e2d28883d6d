import type { Context, Span } from '@opentelemetry/api';
import { observePromise } from '../kit/observe-promise.ts';
import { Operation } from '../operation.ts';
import { ATTR } from '../semconv.ts';
import type { OutgoingMessage } from './messaging-sending.ts';

/**
 * Returns a promise that settles after the last of several replies. `replies` is the value of the call's own promise.
 * The value of the returned promise is the error that ended the replies early, if there was one.
 */
export type RepliesEnd = (replies: unknown) => unknown;

/** A call whose library pairs request and reply: its span ends when the promise that it returns settles. */
export class AwaitedCall extends Operation implements OutgoingMessage {
  readonly #typeOf: ((error: unknown) => string | undefined) | undefined;
  readonly #repliesEnd: RepliesEnd | undefined;

  constructor(
    span: Span,
    current: Context,
    typeOf: ((error: unknown) => string | undefined) | undefined,
    repliesEnd: RepliesEnd | undefined,
  ) {
    super(span, current);
    this.#typeOf = typeOf;
    this.#repliesEnd = repliesEnd;
  }

  sent<T>(result: T): T {
    const repliesEnd = this.#repliesEnd;
    const failed = (error: unknown) => this.notSent(error);
    if (repliesEnd === undefined) return observePromise(result, () => this.end(), failed);
    const ended = (error: unknown) => (error === undefined ? this.end() : this.notSent(error));
    return observePromise(result, (replies) => observePromise(repliesEnd(replies), ended, failed), failed);
  }

  notSent(error: unknown): void {
    this.fail(error);
    const type = this.recording ? this.#typeOf?.(error) : undefined;
    this.end(type === undefined ? undefined : { [ATTR.errorType]: type });
  }
}
