import type { Attributes, Context, Span } from '@opentelemetry/api';
import { observePromise } from '../kit/observe-promise.ts';
import { monotonicNow } from '../kit/originals.ts';
import { ChurningMap } from './churning-map.ts';
import type { OutgoingMessage, SendingChannel, Unconfirmed } from './messaging-sending.ts';
import { type Failure, WaitingOperation, WaitingOperations } from './messaging-waiting.ts';
import type { RpcCorrelation } from './rpc.ts';
import { type Deadline, startDeadline } from './rpc-deadline.ts';
import { LateRequests, type RequestKey } from './rpc-late-requests.ts';
import type { ServedRequests } from './rpc-served-requests.ts';

/** What a call needs from the channel of its request. */
type CallChannel = Pick<SendingChannel<never>, 'unconfirmed'>;

/** A call that waits for its reply. */
export class Call extends WaitingOperation implements OutgoingMessage, Unconfirmed {
  readonly id: string;
  readonly replyTo: string;
  /** The destination of the request. */
  readonly address: string;
  readonly #calls: Calls;
  readonly #channel: CallChannel;
  #deadline: Deadline | undefined;
  /** The time at which the request was sent, if nothing consumed `replyTo` then. */
  #sentMs: number | undefined;
  #channelFailure: Failure | undefined;

  /** `caller` is the context in which the reply's handler runs. */
  constructor(span: Span, caller: Context, correlation: RpcCorrelation, calls: Calls, channel: CallChannel) {
    super(span, caller);
    this.id = correlation.id;
    this.replyTo = correlation.replyTo ?? '';
    this.address = correlation.address;
    this.#calls = calls;
    this.#channel = channel;
    if (correlation.timeoutMs !== undefined || correlation.silenceTimeoutMs !== undefined)
      this.#deadline = startDeadline(correlation, (ms) => this.#timeOut(ms));
  }

  /** Whether the request itself has the timeout of the caller. */
  get hasDeadline(): boolean {
    return this.#deadline !== undefined;
  }

  sent<T>(result: T, tag: number): T {
    if (tag > 0) this.#channel.unconfirmed.add(tag, this);
    if (result === false && this.recording) this.span.addEvent('write buffer full');
    if (this.#calls.listenerAt(this.replyTo) === undefined) this.#sentMs = monotonicNow();
    return observePromise(
      result,
      () => {},
      (error) => this.notSent(error),
    );
  }

  notSent(error: unknown): void {
    this.fail(error);
    this.end();
  }

  /** A confirm of the request does not end the call. */
  confirmed(): void {}

  /** A reply was delivered. */
  onReply({ failure, more }: RpcCorrelation): void {
    if (more === true) {
      this.#deadline?.onReply();
      if (this.recording) this.span.addEvent('reply pending');
      return;
    }
    if (failure !== undefined) this.failWith(failure);
    this.end();
  }

  /** A channel was closed: if the consumer of the replies was on that channel, the reply can't be delivered any more. */
  channelClosed(channel: CallChannel, failure: Failure): void {
    const listening = this.#calls.listenerAt(this.replyTo);
    if (listening === channel) this.endWithFailure(failure);
    else if (this.#channel !== channel) return;
    else if (listening !== undefined) this.#channelFailure = failure;
    else if (this.#sentMs === undefined) this.endWithFailure(failure);
    else this.#endWithoutConsumer();
  }

  expire(timeoutMs: number): void {
    if (this.#calls.isHandledHere(this)) this.#calls.waitOn(this);
    else if (this.#sentMs !== undefined && this.#calls.listenerAt(this.replyTo) === undefined)
      this.#endWithoutConsumer();
    else this.#timeOut(timeoutMs);
  }

  override end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    this.#deadline?.stop();
    this.#calls.delete(this);
    super.end(attributes, endTimeMs);
  }

  #timeOut(timeoutMs: number): void {
    if (this.ended) return;
    const closed =
      this.#channelFailure === undefined
        ? ''
        : `; the channel of the request: ${this.#channelFailure.message}`;
    this.endWithFailure({ type: 'timeout', message: `no reply within ${timeoutMs} ms${closed}` });
    this.#calls.remember(this);
  }

  /** Nothing in this process consumes the replies: the request is a plain message, which ended when it was sent. */
  #endWithoutConsumer(): void {
    this.end(undefined, this.#sentMs);
    this.#calls.remember(this);
  }
}

/** A call that has ended without its reply. */
interface LateCall extends RequestKey {
  readonly caller: Context;
}

/** The waiting calls of a process, and the channels on which their replies are consumed. */
export class Calls {
  readonly #byId = new ChurningMap<string, Call>();
  readonly #late = new LateRequests<LateCall>();
  readonly #waiting: WaitingOperations<Call>;
  readonly #listeners = new Map<string, CallChannel>();
  readonly #served: ServedRequests;

  constructor(timeoutMs: () => number, served: ServedRequests) {
    this.#waiting = new WaitingOperations(timeoutMs);
    this.#served = served;
  }

  add(call: Call): void {
    this.#byId.add(call.id, call);
    this.waitOn(call);
  }

  waitOn(call: Call): void {
    this.#waiting.add(call, !call.hasDeadline);
  }

  delete(call: Call): void {
    this.#byId.delete(call.id, call);
    this.#waiting.delete(call);
  }

  /** Keeps the context of a call that has ended without its reply. */
  remember({ id, replyTo, context: caller }: Call): void {
    this.#late.add({ id, replyTo, caller });
  }

  isHandledHere(call: Call): boolean {
    return this.#served.isHandling(call.id);
  }

  isWaiting(id: string, replyTo: string): boolean {
    return this.#waitingAt(id, replyTo) !== undefined;
  }

  /** A delivery may be a reply: the call ends, and the context of its caller is returned. */
  onReply(correlation: RpcCorrelation): Context | undefined {
    const { id, address, more } = correlation;
    const call = this.#waitingAt(id, address);
    if (call === undefined) {
      const late = this.#late.find(id, address);
      if (late !== undefined && more !== true) this.#late.delete(late);
      return late?.caller;
    }
    call.onReply(correlation);
    if (more !== true && this.#byId.find(id) !== undefined) this.#endRetries(call, correlation);
    return call.context;
  }

  findSent(id: string, fits: (call: Call) => boolean): Call | undefined {
    return this.#byId.find(id, fits);
  }

  listen(address: string, channel: CallChannel): void {
    this.#listeners.set(address, channel);
  }

  unlisten(address: string, channel: CallChannel): void {
    if (this.#listeners.get(address) === channel) this.#listeners.delete(address);
  }

  listenerAt(address: string): CallChannel | undefined {
    return this.#listeners.get(address);
  }

  channelClosed(channel: CallChannel, failure: Failure): void {
    for (const call of this.#waiting.all()) call.channelClosed(channel, failure);
    this.#late.deleteWhere(({ replyTo }) => this.#listeners.get(replyTo) === channel);
    for (const [address, each] of this.#listeners) if (each === channel) this.#listeners.delete(address);
  }

  stop(): void {
    this.#waiting.stop();
  }

  /** A retry with the same id to the same destination got its reply. */
  #endRetries({ id, address, replyTo }: Call, reply: RpcCorrelation): void {
    const isRetry = (each: Call) => each.replyTo === replyTo && each.address === address;
    for (let retry = this.#byId.find(id, isRetry); retry; retry = this.#byId.find(id, isRetry))
      retry.onReply(reply);
  }

  #waitingAt(id: string, address: string): Call | undefined {
    return this.#byId.find(id, ({ replyTo }) => replyTo === address);
  }
}
