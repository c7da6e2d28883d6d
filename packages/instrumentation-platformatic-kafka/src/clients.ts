import type { Readable } from 'node:stream';
import {
  bindCallback,
  currentContext,
  guard,
  kafka,
  type MessageChannel,
  messaging,
  observePromise,
  ownMethod,
} from '@clew/core/plugin';
import type { Context } from '@opentelemetry/api';
import { inOrder, type Outbound, outboundsOf } from './outbound.ts';
import {
  type DeliveredMessage,
  isDelivered,
  type SendOptions,
  type SendResult,
} from './platformatic-kafka.ts';
import { type KafkaTools, kafkaView } from './platformatic-kafka-view.ts';

type Callback = (error: unknown, result?: SendResult) => unknown;

/** The producers and streams of messages that an instance of the plugin traces, from one `enable()` to `disable()`. */
export class Clients {
  readonly #name: string;
  readonly #messages: MessageChannel<Outbound, DeliveredMessage, DeliveredMessage['headers']>;
  /** Objects that were created before `disable()` keep their methods. */
  #isActive = true;

  constructor(tools: KafkaTools) {
    this.#name = tools.name;
    this.#messages = messaging.channels(tools, kafkaView(tools, kafka.actions(tools)))();
    tools.onDisable(() => {
      this.#isActive = false;
    });
  }

  /** Traces `send`, which the library calls as well, for transactions and streams. */
  traceProducer(producer: object): void {
    ownMethod(producer, 'send', (send) => (...args) => {
      const [options, callback] = args as [SendOptions, Callback | undefined];
      const outbounds = this.#isActive
        ? guard(`${this.#name}: sending`, () => outboundsOf(producer, options))
        : undefined;
      if (outbounds === undefined) return send(...args);
      return this.#send(outbounds, callback, (own) => {
        if (!outbounds.some(({ isCopy }) => isCopy)) return send(options, own);
        return send({ ...options, messages: inOrder(options, outbounds) }, own);
      });
    });
  }

  /** Traces the messages of a stream, which are given to a loop or to listeners. */
  traceStream(stream: Readable): void {
    ownMethod(stream, Symbol.asyncIterator, (iterate) => (...args) => {
      const iterator = iterate(...args) as AsyncIterator<unknown>;
      guard(`${this.#name}: a loop`, () => {
        this.#messages.iterate(iterator, (item) =>
          this.#isActive && isDelivered(item) ? { delivery: item, tag: undefined } : undefined,
        );
      });
      return iterator;
    });
    ownMethod(stream, 'emit', (emit) => (...args) => {
      const [event, item] = args;
      // A loop causes the event as well: without listeners.
      const isListened = event === 'data' && stream.listenerCount('data') > 0;
      if (!isListened || !this.#isActive || !isDelivered(item)) return emit(...args);
      return this.#messages.process(item, undefined, () => emit(...args));
    });
  }

  /** `call` calls the library. With a callback, it returns nothing: the spans end with a promise of their own. */
  #send(
    outbounds: readonly Outbound[],
    callback: Callback | undefined,
    call: (own: unknown) => unknown,
  ): unknown {
    const caller = currentContext();
    if (typeof callback !== 'function') return this.#sendFrom(0, outbounds, caller, () => call(callback));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const bound = bindCallback(callback);
    const own: Callback = (error, result) => {
      if (error) reject(error);
      else resolve(result);
      return error ? bound(error) : bound(error, result);
    };
    let returned: unknown;
    const observed = this.#sendFrom(0, outbounds, caller, () => {
      returned = call(own);
      return promise;
    });
    // The application gets the error in its callback.
    (observed as Promise<unknown>).catch(() => {});
    return returned;
  }

  /** Starts the spans of all topics, and then calls the library. */
  #sendFrom(index: number, outbounds: readonly Outbound[], caller: Context, call: () => unknown): unknown {
    const outbound = outbounds[index];
    if (outbound !== undefined)
      return this.#messages.send(outbound, () => this.#sendFrom(index + 1, outbounds, caller, call), caller);
    const result = call();
    if (outbounds.every(({ span }) => span === undefined)) return result;
    return observePromise(
      result,
      (value) => {
        for (const each of outbounds) each.result = value as SendResult;
      },
      () => {},
    );
  }
}
