import { type Attributes, type Context, createContextKey, type Span, trace } from '@opentelemetry/api';
import { monotonicNow } from '../kit/originals.ts';
import { Processing, type ProcessingChannel, type Work } from './messaging-processing.ts';
import type { OutgoingMessage } from './messaging-sending.ts';
import type { RpcCorrelation } from './rpc.ts';
import type { LateRequests, RequestKey } from './rpc-late-requests.ts';
import type { ServedRequests } from './rpc-served-requests.ts';

/** The span of the request that is served in a context: several may have the same id. */
export const REQUEST_SPAN = createContextKey('clew served request');

/** The context to serve a request in, from one in which its span is current. */
export function requestContext(current: Context, span: Span): Context {
  return current.setValue(REQUEST_SPAN, span);
}

/** A request that a sent message belongs to: the message is its reply, or the request on its way to another consumer. */
export interface RpcRequest extends RequestKey {
  readonly span: Span;
  readonly context: Context;
  readonly ended: boolean;
  reply(correlation: RpcCorrelation): void;
  forwarded(): void;
}

/** A request whose span has ended without a reply. It does not keep the message, because there may be many. */
export class EndedRequest implements RpcRequest {
  readonly id: string;
  readonly replyTo: string;
  readonly span: Span;
  readonly context: Context;
  readonly channel: ProcessingChannel;
  readonly ended = true;
  readonly #late: LateRequests<EndedRequest>;

  constructor(
    { id, replyTo, span, context: served, channel }: ServedRequest,
    late: LateRequests<EndedRequest>,
  ) {
    this.id = id;
    this.replyTo = replyTo;
    this.span = span;
    this.context = served;
    this.channel = channel;
    this.#late = late;
  }

  reply({ more }: RpcCorrelation): void {
    if (more !== true) this.#late.delete(this);
  }

  forwarded(): void {
    this.#late.delete(this);
  }
}

/**
 * A request in this process. It ends when its handler is done and the delivery is settled, because a task without a
 * reply looks the same. A reply that is sent later in the same turn of the event loop still belongs to it.
 */
export class ServedRequest extends Processing implements RpcRequest {
  readonly id: string;
  readonly replyTo: string;
  readonly #served: ServedRequests;
  #replied = false;
  /** A first reply was sent, and others follow. */
  #streaming = false;
  /** The time since which only the reply is missing. */
  #doneMs: number | undefined;

  constructor(
    span: Span,
    current: Context,
    channel: ProcessingChannel,
    work: Work,
    correlation: RpcCorrelation,
    served: ServedRequests,
  ) {
    super(span, current, channel, work);
    this.id = correlation.id;
    this.replyTo = correlation.replyTo ?? '';
    this.#served = served;
  }

  get replied(): boolean {
    return this.#replied;
  }

  /** A reply was sent. */
  reply({ failure, more }: RpcCorrelation): void {
    if (this.ended) return;
    this.#streaming = more === true;
    if (this.#streaming) {
      if (this.#doneMs !== undefined) this.#doneMs = monotonicNow();
      return;
    }
    this.#replied = true;
    if (failure !== undefined) this.failWith(failure);
    this.endWhenDone();
  }

  /** The request was forwarded to another consumer, which will reply instead. */
  forwarded(): void {
    if (this.ended) return;
    if (this.recording) this.span.addEvent('handed over');
    this.#replied = true;
    this.endWhenDone();
  }

  /** Everything but the reply was done in the previous turn of the event loop: ends, unless more replies follow. */
  endWithoutReply(): void {
    if (this.ended || !this.isDone) return;
    if (this.#streaming) {
      this.#served.addStreaming(this);
      this.channel.waitOn(this);
    } else this.end(undefined, this.#doneMs);
  }

  override expire(timeoutMs: number): void {
    if (this.isDone) this.end(undefined, this.#doneMs);
    else super.expire(timeoutMs);
  }

  override end(attributes?: Attributes, endTimeMs?: number): void {
    if (this.ended) return;
    this.#served.delete(this);
    if (!this.#replied) this.#served.remember(this);
    super.end(attributes, endTimeMs);
  }

  protected override endWhenDone(): void {
    if (!this.isDone) return;
    if (this.#replied) this.end();
    else {
      this.#doneMs = monotonicNow();
      this.#served.endAfterTurn(this);
    }
  }
}

/** Whether a message is sent in the context in which a request is served. */
export function isSentInside(caller: Context, request: RpcRequest): boolean {
  return caller.getValue(REQUEST_SPAN) === request.span;
}

/** The context to send from on behalf of a request: the caller's own, unless that belongs to another trace. */
export function sendingContext(caller: Context, { context: served, span }: RpcRequest): Context {
  return trace.getSpanContext(caller)?.traceId === span.spanContext().traceId ? caller : served;
}

/** The sending of a reply, or of the request to another consumer: it belongs to the request's span. */
export class SentForRequest implements OutgoingMessage {
  readonly #request: RpcRequest;
  readonly #reply: RpcCorrelation | undefined;

  constructor(request: RpcRequest, reply: RpcCorrelation | undefined) {
    this.#request = request;
    this.#reply = reply;
  }

  sent<T>(result: T): T {
    if (this.#reply === undefined) this.#request.forwarded();
    else this.#request.reply(this.#reply);
    return result;
  }

  /** The handler receives the error, and may send another message. */
  notSent(): void {}
}
