import type { MessagingAction } from './messaging-action.ts';
import type { Cut } from './messaging-waiting.ts';

/** What makes a message part of a call. */
export interface RpcCorrelation {
  /** Pairs a request with its replies. */
  readonly id: string;
  /** Where a reply is expected, in a request. */
  readonly replyTo?: string | undefined;
  /** Where the message goes or was delivered, in the terms of `replyTo`. */
  readonly address: string;
  /** In a request: milliseconds after which the caller gives up, where the message carries that. */
  readonly timeoutMs?: number | undefined;
  /** In a request: milliseconds without any reply, `more` included, after which the caller gives up. */
  readonly silenceTimeoutMs?: number | undefined;
  /** The failure that a reply reports. */
  readonly failure?: Cut | undefined;
  /** Other replies follow: this one is a heartbeat, or one of several. */
  readonly more?: boolean | undefined;
}

/** What the template must know of a library's messages to pair requests and replies. */
export interface RpcView<Sent, Delivery> {
  sent(message: Sent): RpcCorrelation | undefined;
  delivered(delivery: Delivery): RpcCorrelation | undefined;
  /** The span of a call: its name is what is called. */
  calling(message: Sent): MessagingAction;
  serving(delivery: Delivery): MessagingAction;
  /** `error.type` of a call that fails with this error, where the error's own code or name is not the best one. */
  failure?(error: unknown): string | undefined;
}
