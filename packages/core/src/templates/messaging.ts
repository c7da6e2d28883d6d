import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import type { MessagingAction } from './messaging-action.ts';
import { Broker, startAwaitedCall, startSend } from './messaging-broker.ts';
import { contextIn, startIncoming, startProcessing } from './messaging-delivering.ts';
import { type Iterated, Iterations } from './messaging-iteration.ts';
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
 * Traces the messages of a broker's client, one channel at a time. Each span ends exactly once: when its operation is
 * complete, or with the reason why it never will be.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
export function messaging<Sent, Delivery, Headers>(
  tools: Tools<MessagingOptions>,
  view: MessagingView<Sent, Delivery, Headers>,
): () => MessageChannel<Sent, Delivery, Headers> {
  const broker = new Broker(tools, view);
  return () => new MessageChannel(broker);
}

/**
 * A channel, on which messages are sent, delivered, confirmed and settled. A client without channels uses one for each
 * connection.
 */
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

  /** Call this when the broker starts to confirm every message. Messages are numbered from 1. */
  expectConfirms(): void {
    this.#confirms = true;
  }

  /** Sends a message. `proceed` is the library's own call: it is made exactly once, even if tracing fails. */
  send<T>(message: Sent, proceed: (message: Sent) => T, caller: Context = currentContext()): T {
    return this.#send(message, proceed, this.#outgoing(message, caller));
  }

  /**
   * Makes a call whose library pairs request and reply: `proceed` returns the promise of the reply. If its value
   * is an iterator of several replies, `repliesEnd` returns a promise that settles after the last one.
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

  /** Processes a delivery: `handle` calls the application. `tag` is the number for its settlement, if that is needed. */
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

  /** Processes several deliveries together: one span in the current context, with a link to the span of each message. */
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
   * Records a delivery that the application has fetched, and returns the context to process it in. If a
   * span is current, it becomes the parent and the message's span is linked; otherwise the message's trace continues. A
   * reply ends its call and is processed in the caller's context.
   */
  receive(delivery: Delivery, caller: Context, startTimeMs: number): Context {
    return receiveDelivery(this.#broker, delivery, caller, startTimeMs);
  }

  /** The consumer settles one delivery; with `upTo`, all deliveries up to this tag, or all of them if the tag is 0. */
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

  /** The broker confirms one message, or all up to this tag, as in {@link settle}. `refusal` is why it refuses them. */
  confirm(tag: number, upTo: boolean, refusal?: Cut): void {
    this.unconfirmed.settle(tag, upTo, (sent) => (refusal ? sent.cut(refusal) : sent.confirmed()));
  }

  /**
   * The broker returns a message that it can't deliver. Returns the context of the publisher, in which the application's
   * listeners run.
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

  /** The library's write buffer has space again. */
  drained(): void {
    this.#held?.drained();
    this.#held = undefined;
  }

  /** This channel consumes the replies to an address. */
  listen(address: string): void {
    this.#broker.calls.listen(address, this);
  }

  /** This channel no longer consumes the replies to an address. */
  unlisten(address: string): void {
    this.#broker.calls.unlisten(address, this);
  }

  /** Ends all open spans of the channel. Returns whether there were any. */
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

  /** Records a failed call of a kind that gets no span if it succeeds. */
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

  // Without `guard`: every sent message runs this, and a closure for each is slow.
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
