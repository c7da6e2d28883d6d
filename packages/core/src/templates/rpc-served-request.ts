import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Span,
  trace,
} from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard } from '../kit/failures.ts';
import { monotonicNow, setImmediate } from '../kit/originals.ts';
import { addPendingEnd, removePendingEnd } from '../kit/pending-ends.ts';
import { Processing, type ProcessingOwner, type Work } from './messaging-processing.ts';
import type { RpcCorrelation } from './rpc.ts';
import { type Paired, Pairs, Unanswered } from './rpc-pairs.ts';

/** The span of the request that is served in a context: several may have the same id. */
const SERVED_SPAN = createContextKey('clew served request');

/** The context to serve a request in, from one in which its span is current. */
export function servingContext(current: Context, span: Span): Context {
  return current.setValue(SERVED_SPAN, span);
}

/** The request that a sent reply, or the forwarded request, belongs to. */
export interface ServedRequest extends Paired {
  readonly span: Span;
  readonly context: Context;
  readonly ended: boolean;
  reply(mark: RpcCorrelation): void;
  handedOver(): void;
}

/** A request whose span has ended without a reply. It does not keep the message, because there may be many. */
class LateRequest implements ServedRequest {
  readonly id: string;
  readonly replyTo: string;
  readonly span: Span;
  readonly context: Context;
  readonly owner: ProcessingOwner;
  readonly ended = true;
  readonly #late: Unanswered<LateRequest>;

  constructor({ id, replyTo, span, context: served, owner }: Serving, late: Unanswered<LateRequest>) {
    this.id = id;
    this.replyTo = replyTo;
    this.span = span;
    this.context = served;
    this.owner = owner;
    this.#late = late;
  }

  reply({ more }: RpcCorrelation): void {
    if (more !== true) this.#late.delete(this);
  }

  handedOver(): void {
    this.#late.delete(this);
  }
}

/**
 * A request that is served. It ends when its handler is done and the delivery is settled: a task that nobody answers
 * looks just the same. A reply that is sent in that same turn of the event loop still belongs to it.
 */
export class Serving extends Processing implements ServedRequest {
  readonly id: string;
  readonly replyTo: string;
  readonly owner: ProcessingOwner;
  readonly #served: Served;
  #replied = false;
  /** A first reply was sent, and others follow. */
  #streaming = false;
  /** The time since which only the reply is missing. */
  #doneMs: number | undefined;

  constructor(
    span: Span,
    current: Context,
    owner: ProcessingOwner,
    work: Work,
    mark: RpcCorrelation,
    served: Served,
  ) {
    super(span, current, owner, work);
    this.id = mark.id;
    this.replyTo = mark.replyTo ?? '';
    this.owner = owner;
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
  handedOver(): void {
    if (this.ended) return;
    if (this.recording) this.span.addEvent('handed over');
    this.#replied = true;
    this.endWhenDone();
  }

  /** Everything but the reply was done in the previous turn of the event loop: ends, unless more replies follow. */
  endUnanswered(): void {
    if (this.ended || !this.isDone) return;
    if (this.#streaming) {
      this.#served.addStreaming(this);
      this.owner.waitOn(this);
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
      this.#served.linger(this);
    }
  }
}

/** The requests being served, and the latest ones that ended without a reply. */
export class Served {
  readonly #pairs = new Pairs<Serving>();
  readonly #late = new Unanswered<LateRequest>();
  readonly #streaming = new Set<Serving>();
  #lingering: Serving[] = [];
  readonly #endLingering = () => {
    const all = this.#lingering;
    this.#lingering = [];
    removePendingEnd(this.#endLingering);
    for (const each of all) guard('a request without a reply', () => each.endUnanswered());
  };

  add(serving: Serving): void {
    this.#pairs.add(serving);
  }

  /** Keeps the context of a request that has ended without a reply. */
  remember(serving: Serving): void {
    this.#late.add(new LateRequest(serving, this.#late));
  }

  /** A request has ended. */
  delete(serving: Serving): void {
    this.#pairs.delete(serving);
    if (this.#streaming.size > 0) this.#streaming.delete(serving);
  }

  /** Whether the handler of a request with that id is running. */
  isPending(id: string): boolean {
    return this.#pairs.find(id, ({ isHandling }) => isHandling) !== undefined;
  }

  /**
   * The request that a sent message belongs to, as its reply or as the same request on its way to another consumer.
   * Of several it is the one in whose context the message is sent, else the first without a reply.
   */
  find(mark: RpcCorrelation, caller: Context): ServedRequest | undefined {
    const { id, replyTo, address } = mark;
    const first = this.#pairs.find(id);
    if (first === undefined) return this.#findLate(mark);
    const current = caller.getValue(SERVED_SPAN);
    const isMeant = (each: Serving) => each.replyTo === address || each.replyTo === replyTo;
    // Nearly always there is exactly one.
    if (first.span === current && isMeant(first)) return first;
    return (
      this.#pairs.find(id, (each) => each.span === current && isMeant(each)) ??
      this.#pairs.find(id, (each) => !each.replied && isMeant(each)) ??
      this.#pairs.find(id, isMeant) ??
      this.#findLate(mark)
    );
  }

  /** Waits for the end of this turn of the event loop. */
  linger(serving: Serving): void {
    if (this.#lingering.push(serving) > 1) return;
    addPendingEnd(this.#endLingering);
    context.with(rootContext, () => setImmediate(this.#endLingering));
  }

  #findLate({ id, replyTo, address }: RpcCorrelation): LateRequest | undefined {
    const late = this.#late.find(id, address);
    return late ?? (replyTo === undefined ? undefined : this.#late.find(id, replyTo));
  }

  addStreaming(serving: Serving): void {
    this.#streaming.add(serving);
  }

  channelClosed(channel: ProcessingOwner): void {
    for (const each of this.#streaming) if (each.owner === channel) each.expire(0);
    this.#late.forget(({ owner }) => owner === channel);
  }
}

/** Whether a message is sent in the context in which a request is served. */
export function isSentWithin(caller: Context, serving: ServedRequest): boolean {
  return caller.getValue(SERVED_SPAN) === serving.span;
}

/** The context to send from on behalf of a request: the caller's own, unless that belongs to another trace. */
export function sendingContext(caller: Context, { context: served, span }: ServedRequest): Context {
  return trace.getSpanContext(caller)?.traceId === span.spanContext().traceId ? caller : served;
}
