import type { SdkCall, SdkReply, SdkTransport } from '../src/index.ts';

// The client of an SDK in memory that does what makes tracing hard: calls are batched at the end of the turn, wait in a
// queue for one of two connections, and run in the loop that another call started; a token is fetched once for all calls;
// results are a subclass of `Promise`, streams that can be split, pages, and lazy objects.

type Job = () => Promise<unknown>;

/** The outcome of an attempt after which the request is sent again. */
const RETRY = Symbol('retry');

/** Creates the classes of the SDK anew, so that plugins do not affect each other. */
export function toySdk() {
  class Connections {
    readonly #batch: Job[] = [];
    readonly #jobs: Job[] = [];
    #working = 0;

    /** Collects the jobs of a turn; the first call of the turn schedules the rest. */
    enqueue(job: Job): void {
      if (this.#batch.push(job) > 1) return;
      queueMicrotask(() => {
        this.#jobs.push(...this.#batch.splice(0));
        while (this.#working < 2 && this.#jobs.length > 0) void this.#work();
      });
    }

    async #work(): Promise<void> {
      this.#working++;
      for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
      this.#working--;
    }
  }

  class Auth {
    readonly #send: () => Promise<unknown>;
    #pending: Promise<unknown> | undefined;
    #token: unknown;

    constructor(send: () => Promise<unknown>) {
      this.#send = send;
    }

    async token(): Promise<unknown> {
      if (this.#token !== undefined) return this.#token;
      this.#pending ??= this.fetchToken();
      try {
        return await this.#pending;
      } finally {
        this.#pending = undefined;
      }
    }

    async fetchToken(): Promise<unknown> {
      this.#token = await this.#send();
      return this.#token;
    }
  }

  class SdkPromise<T> extends Promise<T> {
    readonly requestId = 'request-1';
  }

  class SdkStream implements AsyncIterable<unknown> {
    readonly iterator: () => AsyncIterator<unknown>;
    readonly controller: AbortController;

    constructor(iterator: () => AsyncIterator<unknown>, controller: AbortController) {
      this.iterator = iterator;
      this.controller = controller;
    }

    [Symbol.asyncIterator]() {
      return this.iterator();
    }

    tee(): SdkStream[] {
      const iterator = this.iterator();
      const queues: Promise<IteratorResult<unknown>>[][] = [[], []];
      return queues.map((queue) => {
        const next = () => {
          if (queue.length === 0) {
            const result = iterator.next();
            for (const each of queues) each.push(result);
          }
          return queue.shift() as Promise<IteratorResult<unknown>>;
        };
        return new SdkStream(() => ({ next }), this.controller);
      });
    }
  }

  class Client {
    readonly connections = new Connections();
    readonly auth: Auth;
    readonly #transport: SdkTransport;

    constructor(transport: SdkTransport) {
      this.#transport = transport;
      this.auth = new Auth(() => this.request({}));
    }

    /** The function that all calls go through. */
    send(_method: string, call: SdkCall = {}): SdkPromise<unknown> {
      if (!(call instanceof Object)) throw new TypeError('expected the options of a call');
      return new SdkPromise((resolve, reject) => {
        this.request(call).then(resolve, reject);
      });
    }

    sendWithToken(_method: string): SdkPromise<unknown> {
      return new SdkPromise((resolve, reject) => {
        this.auth
          .token()
          .then(() => this.request({}))
          .then(resolve, reject);
      });
    }

    query(): PromiseLike<unknown> {
      const send = () => this.request({});
      let result: Promise<unknown> | undefined;
      return {
        // biome-ignore lint/suspicious/noThenProperty: a lazy result.
        then(onFulfilled, onRejected) {
          result ??= send();
          return result.then(onFulfilled, onRejected);
        },
      };
    }

    async *pages(count: number): AsyncGenerator<unknown> {
      for (let page = 0; page < count; page++) yield await this.send('list');
    }

    request(call: SdkCall): Promise<unknown> {
      return new Promise((resolve, reject) => {
        this.connections.enqueue(() =>
          this.attempt(call).then((result) => resolve(result === RETRY ? this.retry(call) : result), reject),
        );
      });
    }

    async attempt(call: SdkCall): Promise<unknown> {
      const controller = new AbortController();
      call.signal?.addEventListener('abort', () => controller.abort(call.signal?.reason));
      const { signal } = controller;
      const reply = await this.#transport({ signal }).catch((error) => {
        throw signal.aborted ? new Error('the request was aborted') : error;
      });
      if (reply.kind === 'busy') return RETRY;
      if (reply.kind === 'failure') throw Object.assign(new Error('refused'), { code: 'REFUSED' });
      return reply.kind === 'chunks' ? new SdkStream(() => read(reply, controller), controller) : 'result';
    }

    retry(call: SdkCall): Promise<unknown> {
      return this.request(call);
    }
  }

  return { Auth, Client, Connections };
}

export type ToySdk = ReturnType<typeof toySdk>;
export type ToyClient = InstanceType<ToySdk['Client']>;

/** Like many SDKs, it ends a stream that is aborted, and aborts the request of a stream that fails or is left. */
async function* read({ chunks }: Extract<SdkReply, { kind: 'chunks' }>, controller: AbortController) {
  const { signal } = controller;
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const iterator = chunks[Symbol.asyncIterator]();
  let isDone = false;
  try {
    while (!signal.aborted) {
      const result = await Promise.race([iterator.next(), aborted]);
      if (result?.done === true) isDone = true;
      if (result === undefined || result.done === true) return;
      yield result.value;
    }
  } finally {
    if (!isDone) controller.abort();
  }
}
