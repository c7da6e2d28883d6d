import { type Context, context } from '@opentelemetry/api';
import { rootContext } from '../context/context.ts';
import { guard } from '../kit/failures.ts';
import { setImmediate } from '../kit/originals.ts';
import { addPendingEnd, removePendingEnd } from '../kit/pending-ends.ts';
import { ChurningMap } from './churning-map.ts';
import type { ProcessingChannel } from './messaging-processing.ts';
import type { RpcCorrelation } from './rpc.ts';
import { LateRequests } from './rpc-late-requests.ts';
import { EndedRequest, REQUEST_SPAN, type RpcRequest, type ServedRequest } from './rpc-served-request.ts';

/** The requests being served, and the latest ones that ended without a reply. */
export class ServedRequests {
  readonly #byId = new ChurningMap<string, ServedRequest>();
  readonly #late = new LateRequests<EndedRequest>();
  readonly #streaming = new Set<ServedRequest>();
  /** The requests that end after this turn of the event loop. */
  #ending: ServedRequest[] = [];
  readonly #endAll = () => {
    const all = this.#ending;
    this.#ending = [];
    removePendingEnd(this.#endAll);
    for (const each of all) guard('a request without a reply', () => each.endWithoutReply());
  };

  add(request: ServedRequest): void {
    this.#byId.add(request.id, request);
  }

  /** Keeps the context of a request that has ended without a reply. */
  remember(request: ServedRequest): void {
    this.#late.add(new EndedRequest(request, this.#late));
  }

  /** A request has ended. */
  delete(request: ServedRequest): void {
    this.#byId.delete(request.id, request);
    if (this.#streaming.size > 0) this.#streaming.delete(request);
  }

  /** Whether the handler of a request with that id is running. */
  isHandling(id: string): boolean {
    return this.#byId.find(id, (request) => request.isHandling) !== undefined;
  }

  /**
   * The request that a sent message belongs to, as its reply or as the same request on its way to another consumer.
   * Of several it is the one in whose context the message is sent, else the first without a reply.
   */
  find(correlation: RpcCorrelation, caller: Context): RpcRequest | undefined {
    const { id, replyTo, address } = correlation;
    const first = this.#byId.find(id);
    if (first === undefined) return this.#findLate(correlation);
    const current = caller.getValue(REQUEST_SPAN);
    const belongs = (each: ServedRequest) => each.replyTo === address || each.replyTo === replyTo;
    // Nearly always, there is only one.
    if (first.span === current && belongs(first)) return first;
    return (
      this.#byId.find(id, (each) => each.span === current && belongs(each)) ??
      this.#byId.find(id, (each) => !each.replied && belongs(each)) ??
      this.#byId.find(id, belongs) ??
      this.#findLate(correlation)
    );
  }

  /** Ends a request after this turn of the event loop, unless a reply is sent before. */
  endAfterTurn(request: ServedRequest): void {
    if (this.#ending.push(request) > 1) return;
    addPendingEnd(this.#endAll);
    context.with(rootContext, () => setImmediate(this.#endAll));
  }

  #findLate({ id, replyTo, address }: RpcCorrelation): EndedRequest | undefined {
    const late = this.#late.find(id, address);
    return late ?? (replyTo === undefined ? undefined : this.#late.find(id, replyTo));
  }

  addStreaming(request: ServedRequest): void {
    this.#streaming.add(request);
  }

  channelClosed(channel: ProcessingChannel): void {
    for (const each of this.#streaming) if (each.channel === channel) each.expire(0);
    this.#late.deleteWhere((request) => request.channel === channel);
  }
}
