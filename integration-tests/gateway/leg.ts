/** A plugin, as the test uses it. */
export interface Plugin {
  disable(): void;
}

/** One system that the gateway calls. */
export interface Leg {
  /**
   * The spans of a call below that of the request, by fault, as lines `KIND name: ending`. An ending is `complete`, the
   * reason why the call is incomplete, or `failed` and its type of error.
   */
  readonly faults: Readonly<Record<string, readonly string[]>>;
  /** Starts the servers and connects the clients; spans of connections may be recorded. */
  open(): Promise<void>;
  /** Makes a call. Settles when everything that belongs to it is over. */
  call(fault: string, id: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Promises that other code resolves, by the id of a request. */
export class Signals {
  readonly #signals = new Map<number, PromiseWithResolvers<void>>();

  of(id: number): PromiseWithResolvers<void> {
    const signal = this.#signals.get(id) ?? Promise.withResolvers<void>();
    this.#signals.set(id, signal);
    return signal;
  }
}
