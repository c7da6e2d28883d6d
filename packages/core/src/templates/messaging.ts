import { type Attributes, type Context, context, type Span, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '../context/suppression.ts';
import { guard, reportFailure } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { currentContext } from '../operation.ts';
import type { MessagingAction } from './messaging-action.ts';
import { Broker } from './messaging-broker.ts';
import { contextIn, linksOf, startIncoming, startProcessing } from './messaging-delivering.ts';
import { type Iterated, Iterations } from './messaging-iteration.ts';
import type { MessagingOptions } from './messaging-options.ts';
import { type StartOutgoing, startAwaitedCall, startSend } from './messaging-outgoing.ts';
import { Processing, type ProcessingChannel, type Settlement } from './messaging-processing.ts';
import { recordFailure, recordFetched, rememberDelivery } from './messaging-recording.ts';
import type { OutgoingMessage, SendingChannel, Unconfirmed, WaitingSending } from './messaging-sending.ts';
import { UnsettledDeliveries } from './messaging-unsettled.ts';
import type { MessagingView } from './messaging-view.ts';
import type { Failure, WaitingOperations } from './messaging-waiting.ts';
import type { RepliesEnd } from './rpc-awaited-call.ts';
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
export class MessageChannel<Sent, Delivery, Headers> implements SendingChannel<Sent>, ProcessingChannel {
  readonly unconfirmed = new TaggedEntries<Unconfirmed>();
  readonly waiting: WaitingOperations;
  readonly #broker: Broker<Sent, Delivery, Headers>;
  readonly #unsettled: UnsettledDeliveries;
  readonly #iterations = new Iterations();
  #confirms = false;
  #sent = 0;
  #waitingForDrain: WaitingSending<Sent> | undefined;

  constructor(broker: Broker<Sent, Delivery, Headers>) {
    this.#broker = broker;
    this.waiting = broker.waiting;
    this.#unsettled = new UnsettledDeliveries(broker.waiting);
  }

  /** Call this when the broker starts to confirm every message. Messages are numbered from 1. */
  expectConfirms(): void {
    this.#confirms = true;
  }

  /** Sends a message. `proceed` is the library's own call: it is made exactly once, even if tracing fails. */
  send<T>(message: Sent, proceed: (message: Sent) => T, caller: Context = currentContext()): T {
    return this.#send(message, proceed, caller, startSend);
  }

  /**
   * Makes a call whose library pairs request and reply: `proceed` returns the promise of the reply. If its value
   * is an iterator of several replies, `repliesEnd` returns a promise that settles after the last one.
   */
  call<T>(message: Sent, proceed: (message: Sent) => T, repliesEnd?: RepliesEnd): T {
    return this.#send(message, proceed, currentContext(), startAwaitedCall, repliesEnd);
  }

  /** Processes a delivery: `handle` calls the application. `tag` is the number for its settlement, if that is needed. */
  process<T>(delivery: Delivery, tag: number | undefined, handle: () => T): T {
    if (isTracingSuppressed(currentContext())) return handle();
    const started = startIncoming(this.#broker, this, delivery, tag);
    return started === undefined ? handle() : this.#handle(started, handle);
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

  /** Processes several deliveries together: one span in the current context, with links to (at most 128) messages' spans. */
  processBatch<T>(deliveries: readonly Delivery[], tags: readonly number[], handle: () => T): T {
    const parent = currentContext();
    const [delivery] = deliveries;
    if (delivery === undefined || isTracingSuppressed(parent)) return handle();
    const links = linksOf(this.#broker, deliveries);
    const batch = { deliveries, tags };
    const work = { delivery, tag: undefined, batch, parent, links, correlation: undefined };
    const started = guard(`${this.#broker.tools.name}: a batch`, () =>
      startProcessing(this.#broker, this, work),
    );
    if (started === undefined) return handle();
    for (const each of deliveries) rememberDelivery(this.#broker, each, contextIn(started));
    return this.#handle(started, handle);
  }

  /**
   * Records a delivery that the application has fetched, and returns the context to process it in. If a
   * span is current, it becomes the parent and the message's span is linked; otherwise the message's trace continues. A
   * reply ends its call and is processed in the caller's context.
   */
  receive(delivery: Delivery, caller: Context, startTimeMs: number): Context {
    return recordFetched(this.#broker, delivery, caller, startTimeMs);
  }

  /**
   * The consumer settles one delivery; with `upTo`, all deliveries up to this tag, or all of them if the tag is 0.
   * `ending` is what the view's `onProcessed` gets, by default the settlement.
   */
  settle(tag: number, upTo: boolean, how: Settlement, attributes?: Attributes, ending: string = how): void {
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
  confirm(tag: number, upTo: boolean, refusal?: Failure): void {
    this.unconfirmed.settle(tag, upTo, (sent) => (refusal ? sent.endWithFailure(refusal) : sent.confirmed()));
  }

  /**
   * The broker returns a message that it can't deliver. Returns the context of the publisher, in which the application's
   * listeners run.
   */
  returned(delivery: Delivery, action: MessagingAction, failure: Failure): Context {
    const { view, calls } = this.#broker;
    const { context: publisher } = this.#broker.incoming(delivery, false);
    const spanId = trace.getSpanContext(publisher)?.spanId;
    const isPublisher = ({ span }: Unconfirmed) => span.spanContext().spanId === spanId;
    const id = view.rpc?.delivered(delivery)?.id ?? '';
    const sent = calls.findSent(id, isPublisher) ?? this.unconfirmed.find(isPublisher);
    if (sent === undefined) {
      this.fail(action, failure, publisher);
      return publisher;
    }
    sent.endWithFailure(failure);
    return sent.context;
  }

  /** The library's write buffer has space again. */
  drained(): void {
    this.#waitingForDrain?.drained();
    this.#waitingForDrain = undefined;
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
  close(failure: Failure): boolean {
    const hadOpen =
      !this.#unsettled.isEmpty || this.unconfirmed.size > 0 || this.#waitingForDrain !== undefined;
    this.#iterations.close();
    this.#unsettled.endWithFailure(failure);
    this.unconfirmed.settle(0, true, (sent) => sent.endWithFailure(failure));
    this.#waitingForDrain?.endWithFailure(failure);
    this.#waitingForDrain = undefined;
    this.#broker.calls.channelClosed(this, failure);
    this.#broker.served.channelClosed(this);
    return hadOpen;
  }

  /** Records a failed call of a kind that gets no span if it succeeds. */
  fail(action: MessagingAction, failure: Error | Failure, parent: Context, startTimeMs?: number): void {
    recordFailure(this.#broker, action, failure, parent, startTimeMs);
  }

  waitForDrain(sending: WaitingSending<Sent>): boolean {
    if (this.#waitingForDrain !== undefined) return false;
    this.#waitingForDrain = sending;
    return true;
  }

  onSent(span: Span, message: Sent, failure: Failure | undefined): void {
    this.#broker.view.onSent?.(span, message, failure);
  }

  onProcessed(processing: Processing, ending: string): void {
    const { view } = this.#broker;
    const { span, delivery, batch } = processing;
    this.#unsettled.delete(processing);
    if (!span.isRecording()) return;
    for (const each of batch?.deliveries ?? [delivery]) view.onProcessed?.(span, each as Delivery, ending);
  }

  waitOn(processing: Processing): void {
    this.#unsettled.waitOn(processing);
  }

  #handle<T>(started: Processing | Context, handle: () => T): T {
    return started instanceof Processing
      ? this.#unsettled.process(started, handle)
      : context.with(started, handle);
  }

  #send<T>(
    message: Sent,
    proceed: (message: Sent) => T,
    caller: Context,
    start: StartOutgoing,
    repliesEnd?: RepliesEnd,
  ): T {
    const { name } = this.#broker.tools;
    let outgoing: OutgoingMessage | undefined;
    // Without `guard`: every sent message runs this, and a closure for each is slow.
    try {
      if (!isTracingSuppressed(caller)) outgoing = start(this.#broker, this, message, caller, repliesEnd);
    } catch (fault) {
      reportFailure(`${name}: sending`, fault);
    }
    let result: T;
    try {
      result = proceed(message);
    } catch (error) {
      outgoing?.notSent(error);
      throw error;
    }
    const tag = this.#confirms ? ++this.#sent : 0;
    try {
      return outgoing === undefined ? result : outgoing.sent(result, tag);
    } catch (fault) {
      reportFailure(`${name}: a sent message`, fault);
      return result;
    }
  }
}
