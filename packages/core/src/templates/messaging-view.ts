import type { Context, Span, TextMapGetter } from '@opentelemetry/api';
import type { CarrierWriter } from '../propagation/inject.ts';
import type { TrustOption } from '../propagation/trust.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { Cut } from './messaging-waiting.ts';
import type { RpcView } from './rpc.ts';

/** What the template must know of a broker client's own objects. */
export interface MessagingView<Sent, Delivery, Headers> {
  sending(message: Sent): MessagingAction;
  /** Writes into headers that are not the application's own object: its message is copied first. */
  readonly writer: CarrierWriter<Sent>;
  /**
   * The bytes of headers that a message still takes, with what the application has put into it; `Infinity` where the
   * protocol has no limit. What does not fit is left out and counted.
   */
  headerRoom(message: Sent): number;
  processing(delivery: Delivery): MessagingAction;
  receiving?(delivery: Delivery): MessagingAction;
  headers(delivery: Delivery): Headers;
  /** The object of the application's message by which `contextOfMessage` finds its context later. */
  identity(delivery: Delivery): object;
  readonly getter: TextMapGetter<Headers>;
  /** The queue's name, by which trust is decided. */
  queue(delivery: Delivery): string;
  /** Sets what a recorded span says beside its action: the message's id and conversation. */
  describeSent?(span: Span, message: Sent): void;
  describeDelivery?(span: Span, delivery: Delivery): void;
  /** Trace context that does not travel in headers: read where the headers had none, and written beside them. */
  extractBeside?(context: Context, delivery: Delivery): Context;
  injectBeside?(context: Context, message: Sent): void;
  /** Pairs requests and replies, where the broker's clients make calls. */
  readonly rpc?: RpcView<Sent, Delivery>;
  /** What these four throw is no fault of the program's: a hook of the user's goes through `tools.callHook`. */
  onSend?(span: Span, message: Sent): void;
  /** Before the span ends: the broker has confirmed, or `reason` says why not. */
  onSent?(span: Span, message: Sent, reason: Cut | undefined): void;
  onProcess?(span: Span, delivery: Delivery): void;
  /** Before the span ends. `ending` is the last settlement, or the type of what cut it off. */
  onProcessed?(span: Span, delivery: Delivery, ending: string): void;
}

/** Options of every broker's plugin. */
export interface MessagingOptions {
  /** Who is believed, by queue; `undefined` leaves it to the policy of the process. */
  readonly trust: TrustOption | undefined;
  /** A delivery's span is a root with a link to the message's span; RPC requests always have a parent. */
  readonly useLinksForConsume: boolean;
  /**
   * Milliseconds to wait for a confirm, and for a settlement once the handler is done; 0 waits for ever. A missing one is
   * given up between then and an eighth later.
   */
  readonly consumeTimeoutMs: number;
  /** The same for a call that waits for its reply, unless its envelope knows how long the caller waits. */
  readonly callTimeoutMs: number;
}
