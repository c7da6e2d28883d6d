import type { Context, Span } from '@opentelemetry/api';
import { isPromise } from '../kit/is-promise.ts';
import { ChurningMap } from './churning-map.ts';
import type { Operation } from './messaging-operation.ts';
import { Processing, type ProcessingOwner, type Work } from './messaging-processing.ts';
import type { Outgoing, Unconfirmed } from './messaging-sending.ts';
import { type Cut, Waiting, WaitingExchange } from './messaging-waiting.ts';

/** What makes a message part of a call. */
export interface RpcMark {
  /** Pairs a request with its replies. */
  readonly id: string;
  /** Where an answer is wanted, in a request. */
  readonly replyTo?: string | undefined;
  /** Where the message goes or came in, in the words of `replyTo`. */
  readonly address: string;
  /** The failure that a reply reports. */
  readonly failure?: Cut | undefined;
  /** Others follow: a sign of life, or one of several replies. */
  readonly more?: boolean | undefined;
}

/** What the template must know of a library's messages to pair requests and replies. */
export interface RpcView<Sent, Delivery> {
  sent(message: Sent): RpcMark | undefined;
  delivered(delivery: Delivery): RpcMark | undefined;
  /** The span of a call: what is called gives the name. */
  calling(message: Sent): Operation;
  serving(delivery: Delivery): Operation;
}

/** Requests that wait for replies, by id. Two of an id are told apart by where the reply goes. */
class Pairs<T extends { readonly id: string; readonly replyTo: string }> {
  readonly #byId = new ChurningMap<string, T>();

  add(entry: T): void {
    this.#byId.add(entry.id, entry);
  }

  find(id: string, fits: (entry: T) => boolean): T | undefined {
    return this.#byId.find(id, fits);
  }

  /** The one that a reply at an address answers. */
  answeredAt(id: string, address: string): T | undefined {
    return this.#byId.find(id, ({ replyTo }) => replyTo === address);
  }

  delete(entry: T): void {
    this.#byId.delete(entry.id, entry);
  }
}

/** A call that waits for its reply. */
export class Call extends WaitingExchange implements Outgoing, Unconfirmed {
  readonly id: string;
  readonly replyTo: string;
  readonly #calls: Calls;
  readonly #channel: CallChannel;
  #lost: Cut | undefined;

  /** `caller` is the context which the reply's handler runs in. */
  constructor(span: Span, caller: Context, mark: RpcMark, calls: Calls, channel: CallChannel) {
    super(span, caller);
    this.id = mark.id;
    this.replyTo = mark.replyTo ?? '';
    this.#calls = calls;
    this.#channel = channel;
  }

  sent<T>(result: T, tag: number): T {
    if (tag > 0) this.#channel.expectConfirm(tag, this);
    if (result === false && this.recording) this.span.addEvent('write buffer full');
    if (!isPromise(result)) return result;
    const failed = (error: unknown): never => {
      this.notSent(error);
      throw error;
    };
    return Promise.prototype.then.call(result, undefined, failed) as T;
  }

  notSent(error: unknown): void {
    this.fail(error);
    this.end();
  }

  /** That the broker has the request says nothing about the reply. */
  confirmed(): void {}

  /** A reply has come. */
  answered({ failure, more }: RpcMark): void {
    if (more === true) {
      if (this.recording) this.span.addEvent('reply pending');
      return;
    }
    if (failure !== undefined) this.failWith(failure);
    this.end();
  }

  /** A channel has closed: the reply cannot come any more if it was listened for there. */
  channelClosed(channel: CallChannel, reason: Cut): void {
    const listening = this.#calls.listenerAt(this.replyTo) ?? this.#channel;
    if (listening === channel) this.cut(reason);
    else if (this.#channel === channel) this.#lost = reason;
  }

  expire(timeoutMs: number): void {
    const lost = this.#lost === undefined ? '' : `; the channel of the request: ${this.#lost.message}`;
    this.cut({ type: 'timeout', message: `no reply within ${timeoutMs} ms${lost}` });
  }

  override end(): void {
    if (this.ended) return;
    this.#calls.delete(this);
    super.end();
  }
}

/** What a call needs of the channel that its request went through. */
export interface CallChannel {
  expectConfirm(tag: number, call: Call): void;
}

/** The calls of a process that wait, and the channels on which their replies come in. */
export class Calls {
  readonly #pairs = new Pairs<Call>();
  readonly #waiting: Waiting<Call>;
  readonly #listeners = new Map<string, CallChannel>();

  constructor(timeoutMs: () => number) {
    this.#waiting = new Waiting(timeoutMs);
  }

  add(call: Call): void {
    this.#pairs.add(call);
    this.#waiting.add(call);
  }

  delete(call: Call): void {
    this.#pairs.delete(call);
    this.#waiting.delete(call);
  }

  /** The call that a delivery answers. */
  answeredAt(id: string, address: string): Call | undefined {
    return this.#pairs.answeredAt(id, address);
  }

  findSent(id: string, fits: (call: Call) => boolean): Call | undefined {
    return this.#pairs.find(id, fits);
  }

  listen(address: string, channel: CallChannel): void {
    this.#listeners.set(address, channel);
  }

  listenerAt(address: string): CallChannel | undefined {
    return this.#listeners.get(address);
  }

  channelClosed(channel: CallChannel, reason: Cut): void {
    for (const call of this.#waiting.all()) call.channelClosed(channel, reason);
    for (const [address, each] of this.#listeners) if (each === channel) this.#listeners.delete(address);
  }

  stop(): void {
    this.#waiting.stop();
  }
}

/** A request that is served: ends when the handler is done, the delivery settled and the reply sent. */
export class Serving extends Processing {
  readonly id: string;
  readonly replyTo: string;
  #replied = false;

  constructor(span: Span, current: Context, owner: ProcessingOwner, work: Work, mark: RpcMark) {
    super(span, current, owner, work);
    this.id = mark.id;
    this.replyTo = mark.replyTo ?? '';
  }

  override get awaitsReply(): boolean {
    return !this.#replied;
  }

  /** The reply is on its way. */
  reply({ failure, more }: RpcMark): void {
    if (this.ended || more === true) return;
    this.#replied = true;
    if (failure !== undefined) this.failWith(failure);
    this.endWhenDone();
  }

  protected override giveUpReply(): void {
    this.#replied = true;
  }
}

/** Requests that are served and not answered. */
export class Served extends Pairs<Serving> {}

/** The sending of a reply: it belongs to the request's span. */
export class Reply implements Outgoing {
  readonly #serving: Serving;
  readonly #mark: RpcMark;

  constructor(serving: Serving, mark: RpcMark) {
    this.#serving = serving;
    this.#mark = mark;
  }

  sent<T>(result: T): T {
    this.#serving.reply(this.#mark);
    return result;
  }

  /** The handler is told, and may send another. */
  notSent(): void {}
}
