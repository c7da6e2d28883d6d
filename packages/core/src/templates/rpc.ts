import type { MessagingAction } from './messaging-action.ts';
import type { Failure } from './messaging-waiting.ts';

/** What connects a message to a call. */
export interface RpcCorrelation {
  /** Pairs a request with its replies. */
  readonly id: string;
  /** Where a reply is expected, in a request. */
  readonly replyTo?: string | undefined;
  /** Where the message is sent, or was delivered: an address like `replyTo`. */
  readonly address: string;
  /** In a request: milliseconds for which the caller waits, if the message contains this timeout. */
  readonly timeoutMs?: number | undefined;
  /** In a request: milliseconds without any reply, `more` included, for which the caller waits. */
  readonly silenceTimeoutMs?: number | undefined;
  /** The failure that a reply reports. */
  readonly failure?: Failure | undefined;
  /** Other replies follow: this one is a heartbeat, or one of several. */
  readonly more?: boolean | undefined;
}

/** How the template pairs the requests and replies of a library. */
export interface RpcView<Sent, Delivery> {
  sent(message: Sent): RpcCorrelation | undefined;
  delivered(delivery: Delivery): RpcCorrelation | undefined;
  /** The action of a call: its name is that of the method. */
  calling(message: Sent): MessagingAction;
  serving(delivery: Delivery): MessagingAction;
  /** The `error.type` of a failed call, if it is not the code or the class name of the error. */
  failure?(error: unknown): string | undefined;
}
