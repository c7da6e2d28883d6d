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
  /** In a request: milliseconds after which the caller gives up, if the message contains that. */
  readonly timeoutMs?: number | undefined;
  /** In a request: milliseconds without any reply, `more` included, after which the caller gives up. */
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
  /** The span of a call: its name is what is called. */
  calling(message: Sent): MessagingAction;
  serving(delivery: Delivery): MessagingAction;
  /** The `error.type` of a failed call, if the error's own code or class name is not the best one. */
  failure?(error: unknown): string | undefined;
}
