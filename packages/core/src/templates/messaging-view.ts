import type { Context, Span, TextMapGetter } from '@opentelemetry/api';
import type { CarrierWriter } from '../propagation/inject.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { Failure } from './messaging-waiting.ts';
import type { RpcView } from './rpc.ts';

/** How the template reads and writes the objects of a broker's client. */
export interface MessagingView<Sent, Delivery, Headers> {
  sending(message: Sent): MessagingAction;
  /** Writes into headers that are not the application's own object: its message is copied first. */
  readonly writer: CarrierWriter<Sent>;
  /**
   * The bytes that are left for headers in a message, besides what the application has put into it; `Infinity` if the
   * protocol has no limit. Headers that do not fit are left out and counted.
   */
  availableHeaderBytes(message: Sent): number;
  processing(delivery: Delivery): MessagingAction;
  receiving?(delivery: Delivery): MessagingAction;
  headers(delivery: Delivery): Headers;
  /** The object of the application's message by which `contextOfMessage` finds its context later. */
  identity(delivery: Delivery): object;
  readonly getter: TextMapGetter<Headers>;
  /** The name of the queue, for the option `trust`. */
  queue(delivery: Delivery): string;
  /** The body as text or bytes, for the option `messageBodySize`. */
  sentBody?(message: Sent): unknown;
  deliveredBody?(delivery: Delivery): unknown;
  /** Sets attributes of a recorded span that its action does not have: the message's id and conversation. */
  describeSent?(span: Span, message: Sent): void;
  describeDelivery?(span: Span, delivery: Delivery): void;
  /** Trace context outside of headers: read if the headers have none, and written in addition to them. */
  extractBeside?(context: Context, delivery: Delivery): Context;
  injectBeside?(context: Context, message: Sent): void;
  /** Pairs requests and replies, if the broker's clients make calls. */
  readonly rpc?: RpcView<Sent, Delivery>;
  /** These four may throw: the failure is logged. Call the user's hooks through `tools.callHook`. */
  onSend?(span: Span, message: Sent): void;
  /** Called before the span ends. `failure` is why the broker has not confirmed the message, if it has not. */
  onSent?(span: Span, message: Sent, failure: Failure | undefined): void;
  onProcess?(span: Span, delivery: Delivery): void;
  /** Called before the span ends. `ending` is the last settlement, or the `error.type` of what ended it early. */
  onProcessed?(span: Span, delivery: Delivery, ending: string): void;
}
