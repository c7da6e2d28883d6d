import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import type { MessagingAction } from './messaging-action.ts';
import { Broker, startAwaitedCall, startSend } from './messaging-broker.ts';
import { contextIn, startIncoming, startProcessing } from './messaging-delivering.ts';
import { Iterations } from './messaging-iteration.ts';
import { Processing, type ProcessingOwner, type Settlement } from './messaging-processing.ts';
import { receiveDelivery, recordFailure, rememberDelivery } from './messaging-recording.ts';
import type { Outgoing, SendingOwner, Unconfirmed, WaitingSending } from './messaging-sending.ts';
import { Unsettled } from './messaging-unsettled.ts';
import type { MessagingOptions, MessagingView } from './messaging-view.ts';
import type { Cut, Waiting } from './messaging-waiting.ts';
import type { RepliesEnd } from './rpc-awaited-call.ts';
import type { Call, CallChannel } from './rpc-call.ts';
import { TaggedEntries } from './tagged-entries.ts';

/**
 * Traces the messages of a broker's client, channel by channel. What it opens ends exactly once: when it should, or
 * with the reason why not.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function messaging<Sent, Delivery, Headers>(
  tools: Tools<MessagingOptions>,
  view: MessagingView<Sent, Delivery, Headers>,
): () => MessageChannel<Sent, Delivery, Headers> {
  const broker = new Broker(tools, view);
  return () => new MessageChannel(broker);
}

/** A delivery that an iterator yields, and the number under which it will be settled, if it must be. */
export interface Iterated<Delivery> {
  readonly delivery: Delivery;
  readonly tag: number | undefined;
}

/** Where messages are sent, delivered, confirmed and settled in an order; a client without channels has one. */
export class MessageChannel<Sent, Delivery, Headers>
  implements SendingOwner<Sent>, ProcessingOwner, CallChannel
{
  readonly unconfirmed = new TaggedEntries<Unconfirmed>();
  readonly waiting: Waiting;
  readonly #broker: Broker<Sent, Delivery, Headers>;
  readonly #unsettled: Unsettled;
  readonly #iterations = new Iterations();
  #confirms = false;
  #sent = 0;
  #held: WaitingSending<Sent> | undefined;

  constructor(broker: Broker<Sent, Delivery, Headers>) {
    this.#broker = broker;
    this.waiting = broker.waiting;
    this.#unsettled = new Unsettled(broker.waiting);
  }

  /** From now on the broker confirms every message, by its number from 1 on. */
  expectConfirms(): void {
    this.#confirms = true;
  }

  /** Sends a message: `proceed` is the library's own call, made exactly once whatever becomes of the tracing. */
  send<T>(message: Sent, proceed: (message: Sent) => T, caller: Context = currentContext()): T {
    return this.#send(message, proceed, this.#outgoing(message, caller));
  }

  /**
   * Makes a call whose library pairs request and reply: `proceed` returns the promise of the reply. Where that brings
   * an iterator of several replies, `repliesEnd` returns the promise of their end.
   */
  call<T>(message: Sent, proceed: (message: Sent) => T, repliesEnd?: RepliesEnd): T {
    return this.#send(message, proceed, this.#awaited(message, repliesEnd));
  }

  #send<T>(message: Sent, proceed: (message: Sent) => T, outgoing: Outgoing | undefined): T {
    let result: T;
    try {
      result = proceed(message);
    } catch (error) {
      outgoing?.notSent(error);
      throw error;
    }
    const tag = this.#confirms ? ++this.#sent : 0;
    if (outgoing === undefined) return result;
    try {
      return outgoing.sent(result, tag);
    } catch (fault) {
      reportFailure(`${this.#broker.tools.name}: a sent message`, fault);
      return result;
    }
  }

  /** Hands a delivery to the program. `tag` is the number under which it will be settled, if it must be. */
  process<T>(delivery: Delivery, tag: number | undefined, handle: () => T): T {
    if (isTracingSuppressed(currentContext())) return handle();
    const begun = startIncoming(this.#broker, this, delivery, tag);
    if (begun === undefined) return handle();
    return this.#hand(begun, handle);
  }

  /**
   * Traces the deliveries that an async iterator yields. `read` returns what {@link process} needs to know of one, and
   * `undefined` for any other value. The body of a loop keeps the context of its function: see `contextOfMessage`.
   */
  iterate(iterator: AsyncIterator<unknown>, read: (item: unknown) => Iterated<Delivery> | undefined): void {
    this.#iterations.trace(iterator, (item, handle) => {
      const iterated = read(item);
      if (iterated !== undefined) this.process(iterated.delivery, iterated.tag, handle);
    });
  }

  /** Hands several deliveries to the program at once: one span in the current context, with a link to each message's. */
  processBatch<T>(deliveries: readonly Delivery[], tags: readonly number[], handle: () => T): T {
    const parent = currentContext();
    if (isTracingSuppressed(parent) || deliveries.length === 0) return handle();
    const links = deliveries.flatMap(
      (each) => guard('extracting', () => this.#broker.incoming(each, true).links) ?? [],
    );
    const [delivery] = deliveries as [Delivery];
    const handed = { delivery, tag: undefined, batch: { deliveries, tags }, parent, links, mark: undefined };
    const begun = guard(`${this.#broker.tools.name}: a batch`, () =>
      startProcessing(this.#broker, this, handed),
    );
    if (begun === undefined) return handle();
    for (const each of deliveries) rememberDelivery(this.#broker, each, contextIn(begun));
    return this.#hand(begun, handle);
  }

  /**
   * Records a delivery that the application has fetched, and returns the context to process it in. Where the
   * application has a span of its own that is the parent and the message's is linked; else the message's trace goes
   * on. A reply ends its call, and is processed in the caller's context.
   */
  receive(delivery: Delivery, caller: Context, startTimeMs: number): Context {
    return receiveDelivery(this.#broker, delivery, caller, startTimeMs);
  }

  /** The consumer settles a delivery, all up to one, or (up to 0) all. */
  settle(tag: number, upTo: boolean, how: Settlement, attributes?: Attributes): void {
    const ending = upTo ? `${how}All` : how;
    this.#unsettled.settle(tag, upTo, (processing) => processing.settled(how, ending, attributes));
  }

  /** The consumer needs more time to settle a delivery. */
  postpone(tag: number, event: string): void {
    const processing = this.#unsettled.find(tag);
    if (processing === undefined) return;
    if (processing.recording) processing.span.addEvent(event);
    if (!processing.isHandling) this.#unsettled.waitOn(processing);
  }

  /** The broker confirms a message, all up to one, or (up to 0) all; or says why it refuses. */
  confirm(tag: number, upTo: boolean, refusal?: Cut): void {
    this.unconfirmed.settle(tag, upTo, (sent) => (refusal ? sent.cut(refusal) : sent.confirmed()));
  }

  /**
   * The broker gives a message back that it can't deliver. Returns the context of its publisher, to run the
   * application's listeners in.
   */
  returned(delivery: Delivery, action: MessagingAction, reason: Cut): Context {
    const { view, calls } = this.#broker;
    const { context: sender } = this.#broker.incoming(delivery, false);
    const spanId = trace.getSpanContext(sender)?.spanId;
    const isSender = ({ span }: Unconfirmed) => span.spanContext().spanId === spanId;
    const id = view.rpc?.delivered(delivery)?.id;
    const sent =
      (id === undefined ? undefined : calls.findSent(id, isSender)) ?? this.unconfirmed.find(isSender);
    if (sent === undefined) {
      this.fail(action, reason, sender);
      return sender;
    }
    sent.cut(reason);
    return sent.context;
  }

  /** The library can write again. */
  drained(): void {
    this.#held?.drained();
    this.#held = undefined;
  }

  /** Replies to an address come in here, and nowhere else. */
  listen(address: string): void {
    this.#broker.calls.listen(address, this);
  }

  /** Replies to an address are no longer consumed on this channel. */
  unlisten(address: string): void {
    this.#broker.calls.unlisten(address, this);
  }

  /** Ends all that is open on the channel. Says whether anything was. */
  close(reason: Cut): boolean {
    const open = !this.#unsettled.isEmpty || this.unconfirmed.size > 0 || this.#held !== undefined;
    this.#iterations.close();
    this.#unsettled.cut(reason);
    this.unconfirmed.settle(0, true, (sent) => sent.cut(reason));
    this.#held?.cut(reason);
    this.#held = undefined;
    this.#broker.calls.channelClosed(this, reason);
    this.#broker.served.channelClosed(this);
    return open;
  }

  /** Records a call of the library that is worth a span only because it failed. */
  fail(action: MessagingAction, failure: Error | Cut, parent: Context, startTimeMs?: number): void {
    recordFailure(this.#broker, action, failure, parent, startTimeMs);
  }

  hold(sending: WaitingSending<Sent>): boolean {
    if (this.#held !== undefined) return false;
    this.#held = sending;
    return true;
  }

  expectConfirm(tag: number, call: Call): void {
    this.unconfirmed.add(tag, call);
  }

  onSent(span: Span, message: Sent, reason: Cut | undefined): void {
    this.#broker.view.onSent?.(span, message, reason);
  }

  processed(processing: Processing, ending: string): void {
    const { view } = this.#broker;
    const { span, delivery, batch } = processing;
    this.#unsettled.delete(processing);
    if (!span.isRecording()) return;
    if (batch === undefined) view.onProcessed?.(span, delivery as Delivery, ending);
    else for (const each of batch.deliveries) view.onProcessed?.(span, each as Delivery, ending);
  }

  waitOn(processing: Processing): void {
    this.#unsettled.waitOn(processing);
  }

  #hand<T>(begun: Processing | Context, handle: () => T): T {
    return begun instanceof Processing ? this.#unsettled.hand(begun, handle) : context.with(begun, handle);
  }

  // The faults of these two are caught without a closure: every message comes through here.
  #outgoing(message: Sent, caller: Context): Outgoing | undefined {
    if (isTracingSuppressed(caller)) return undefined;
    try {
      return startSend(this.#broker, this, message, caller);
    } catch (fault) {
      reportFailure(`${this.#broker.tools.name}: sending`, fault);
      return undefined;
    }
  }

  #awaited(message: Sent, repliesEnd: RepliesEnd | undefined): Outgoing | undefined {
    const caller = currentContext();
    if (isTracingSuppressed(caller)) return undefined;
    return guard(`${this.#broker.tools.name}: calling`, () =>
      startAwaitedCall(this.#broker, message, caller, repliesEnd),
    );
  }
}
