import type { Attributes, Context, Span } from '@opentelemetry/api';
import { observePromise } from '../kit/observe-promise.ts';
import { monotonicNow } from '../kit/originals.ts';
import type { Outgoing, Unconfirmed } from './messaging-sending.ts';
import { type Cut, Waiting, WaitingOperation } from './messaging-waiting.ts';
import type { RpcCorrelation } from './rpc.ts';
import { type Deadline, startDeadline } from './rpc-deadline.ts';
import { type Paired, Pairs, Unanswered } from './rpc-pairs.ts';
import type { Served } from './rpc-serving.ts';

/** What a call needs from the channel of its request. */
export interface CallChannel {
  expectConfirm(tag: number, call: Call): void;
}

/** A call that waits for its reply. */
export class Call extends WaitingOperation implements Outgoing, Unconfirmed {
  readonly id: string;
  readonly replyTo: string;
  /** The destination of the request. */
  readonly address: string;
  readonly #calls: Calls;
  readonly #channel: CallChannel;
  #deadline: Deadline | undefined;
  /** The time at which the request was sent, if nothing consumed `replyTo` then. */
  #sentMs: number | undefined;
  #lost: Cut | undefined;

  /** `caller` is the context in which the reply's handler runs. */
  constructor(span: Span, caller: Context, mark: RpcCorrelation, calls: Calls, channel: CallChannel) {
    super(span, caller);
    this.id = mark.id;
    this.replyTo = mark.replyTo ?? '';
    this.address = mark.address;
    this.#calls = calls;
    this.#channel = channel;
    if (mark.timeoutMs !== undefined || mark.silenceTimeoutMs !== undefined)
      this.#deadline = startDeadline(mark, (ms) => this.#giveUp(ms));
  }

  /** Whether the request itself has the timeout of the caller. */
  get hasDeadline(): boolean {
    return this.#deadline !== undefined;
  }

  sent<T>(result: T, tag: number): T {
    if (tag > 0) this.#channel.expectConfirm(tag, this);
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
  answered({ failure, more }: RpcCorrelation): void {
    if (more === true) {
      this.#deadline?.heard();
      if (this.recording) this.span.addEvent('reply pending');
      return;
    }
    if (failure !== undefined) this.failWith(failure);
    this.end();
  }

  /** A channel was closed: the reply can't be delivered any more if its consumer was on that channel. */
  channelClosed(channel: CallChannel, reason: Cut): void {
    const listening = this.#calls.listenerAt(this.replyTo);
    if (listening === channel) this.cut(reason);
    else if (this.#channel !== channel) return;
    else if (listening !== undefined) this.#lost = reason;
    else if (this.#sentMs === undefined) this.cut(reason);
    else this.#endUnheard();
  }

  expire(timeoutMs: number): void {
    if (this.#calls.isBeingServed(this)) this.#calls.waitOn(this);
    else if (this.#sentMs !== undefined && this.#calls.listenerAt(this.replyTo) === undefined)
      this.#endUnheard();
    else this.#giveUp(timeoutMs);
  }

  override end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    this.#deadline?.stop();
    this.#calls.delete(this);
    super.end(attributes, endTimeMs);
  }

  #giveUp(timeoutMs: number): void {
    if (this.ended) return;
    const lost = this.#lost === undefined ? '' : `; the channel of the request: ${this.#lost.message}`;
    this.cut({ type: 'timeout', message: `no reply within ${timeoutMs} ms${lost}` });
    this.#calls.remember(this);
  }

  /** Nothing in this process consumes the replies: the request was a plain message, which ended when it was sent. */
  #endUnheard(): void {
    this.end(undefined, this.#sentMs);
    this.#calls.remember(this);
  }
}

/** A call that has ended without its reply. */
interface LateCall extends Paired {
  readonly caller: Context;
}

/** The waiting calls of a process, and the channels on which their replies are consumed. */
export class Calls {
  readonly #pairs = new Pairs<Call>();
  readonly #unanswered = new Unanswered<LateCall>();
  readonly #waiting: Waiting<Call>;
  readonly #listeners = new Map<string, CallChannel>();
  readonly #served: Served;

  constructor(timeoutMs: () => number, served: Served) {
    this.#waiting = new Waiting(timeoutMs);
    this.#served = served;
  }

  add(call: Call): void {
    this.#pairs.add(call);
    this.waitOn(call);
  }

  waitOn(call: Call): void {
    this.#waiting.add(call, !call.hasDeadline);
  }

  delete(call: Call): void {
    this.#pairs.delete(call);
    this.#waiting.delete(call);
  }

  /** Keeps the context of a call that has ended without its reply. */
  remember({ id, replyTo, context: caller }: Call): void {
    this.#unanswered.add({ id, replyTo, caller });
  }

  isBeingServed(call: Call): boolean {
    return this.#served.isPending(call.id);
  }

  isWaiting(id: string, replyTo: string): boolean {
    return this.#waitingAt(id, replyTo) !== undefined;
  }

  /** A delivery may be a reply: the call ends, and the context of its caller is returned. */
  answer(mark: RpcCorrelation): Context | undefined {
    const { id, address, more } = mark;
    const call = this.#waitingAt(id, address);
    if (call === undefined) {
      const late = this.#unanswered.find(id, address);
      if (late !== undefined && more !== true) this.#unanswered.delete(late);
      return late?.caller;
    }
    call.answered(mark);
    if (more !== true && this.#pairs.find(id) !== undefined) this.#endRetries(call, mark);
    return call.context;
  }

  findSent(id: string, fits: (call: Call) => boolean): Call | undefined {
    return this.#pairs.find(id, fits);
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

  channelClosed(channel: CallChannel, reason: Cut): void {
    for (const call of this.#waiting.all()) call.channelClosed(channel, reason);
    this.#unanswered.forget(({ replyTo }) => this.#listeners.get(replyTo) === channel);
    for (const [address, each] of this.#listeners) if (each === channel) this.#listeners.delete(address);
  }

  stop(): void {
    this.#waiting.stop();
  }

  /** A retry with the same id to the same destination got its reply. */
  #endRetries({ id, address, replyTo }: Call, reply: RpcCorrelation): void {
    const isRetry = (each: Call) => each.replyTo === replyTo && each.address === address;
    for (let retry = this.#pairs.find(id, isRetry); retry; retry = this.#pairs.find(id, isRetry))
      retry.answered(reply);
  }

  #waitingAt(id: string, address: string): Call | undefined {
    return this.#pairs.find(id, ({ replyTo }) => replyTo === address);
  }
}
