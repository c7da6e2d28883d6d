import type { Outgoing } from './messaging-sending.ts';
import type { RpcCorrelation } from './rpc.ts';
import type { ServedRequest } from './rpc-serving.ts';

/** The sending of a reply: it belongs to the request's span. */
export class Reply implements Outgoing {
  readonly #serving: ServedRequest;
  readonly #mark: RpcCorrelation;

  constructor(serving: ServedRequest, mark: RpcCorrelation) {
    this.#serving = serving;
    this.#mark = mark;
  }

  sent<T>(result: T): T {
    this.#serving.reply(this.#mark);
    return result;
  }

  /** The handler receives the error, and may send another reply. */
  notSent(): void {}
}

/** The sending of the request to another consumer: it belongs to the request's span too. */
export class HandOver implements Outgoing {
  readonly #serving: ServedRequest;

  constructor(serving: ServedRequest) {
    this.#serving = serving;
  }

  sent<T>(result: T): T {
    this.#serving.handedOver();
    return result;
  }

  /** The request is still served by this process. */
  notSent(): void {}
}
