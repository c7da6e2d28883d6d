import {
  currentContext,
  guard,
  type KafkaActions,
  kafka,
  type MessageChannel,
  type MessagingAction,
  messaging,
  observePromise,
} from '@clew/core/plugin';
import { errorTypeOf } from './failures.ts';
import type { Headers, RecordMetadata } from './kafkajs.ts';
import { type Inbound, type KafkajsTools, kafkajsView } from './kafkajs-view.ts';
import { type Outbound, outboundsOf } from './outbound.ts';

type Messages = MessageChannel<Outbound, Inbound, Headers | undefined>;

/** The producers and consumers that an instance of the plugin traces. */
export class Clients {
  readonly tools: KafkajsTools;
  readonly actions: KafkaActions;
  /** Whether the plugin is enabled: the methods that it has replaced stay in place after `disable()`. */
  isActive = false;
  #messages!: Messages;

  constructor(tools: KafkajsTools) {
    this.tools = tools;
    this.actions = kafka.actions(tools);
  }

  /** All messages have one channel: nothing in kafkajs ends with its connection. */
  get messages(): Messages {
    return this.#messages;
  }

  /** Starts to trace with a new template: `disable()` has stopped the one before. */
  enable(): void {
    this.#messages = messaging.channels(this.tools, kafkajsView(this.tools, this.actions))();
    this.isActive = true;
    this.tools.onDisable(() => {
      this.isActive = false;
    });
  }

  /**
   * Sends the messages of one call, with a span for each topic. `proceed` calls the library with them, or with
   * `undefined` if it must get its original arguments.
   */
  send(records: () => unknown, proceed: (sent: readonly Outbound[] | undefined) => unknown): unknown {
    const outbounds = this.isActive
      ? guard(`${this.tools.name}: sending`, () => outboundsOf(records()))
      : undefined;
    if (outbounds === undefined) return proceed(undefined);
    const caller = currentContext();
    const traced = outbounds.filter(({ messages }) => messages.length > 0);
    const sendFrom = (index: number): unknown => {
      const outbound = traced[index];
      return outbound === undefined
        ? this.#proceed(traced, () => proceed(outbounds.some(({ isCopy }) => isCopy) ? outbounds : undefined))
        : this.messages.send(outbound, () => sendFrom(index + 1), caller);
    };
    return sendFrom(0);
  }

  /** Makes a call that gets a span only if it fails. */
  recordFailure(action: () => MessagingAction, call: () => unknown): unknown {
    if (!this.isActive) return call();
    const parent = currentContext();
    return observePromise(
      call(),
      () => {},
      (error) => {
        if (!this.isActive) return;
        const message = error instanceof Error ? error.message : String(error);
        this.messages.fail(action(), { type: errorTypeOf(error), message }, parent);
      },
    );
  }

  #proceed(outbounds: readonly Outbound[], call: () => unknown): unknown {
    const result = call();
    if (outbounds.every(({ span }) => span === undefined)) return result;
    return observePromise(
      result,
      (metadata) => {
        for (const each of outbounds) each.stored = storedOf(each, metadata);
      },
      (error) => {
        for (const each of outbounds) each.errorType = errorTypeOf(error);
      },
    );
  }
}

function storedOf({ topic }: Outbound, metadata: unknown): RecordMetadata[] {
  if (!Array.isArray(metadata)) return [];
  return (metadata as readonly RecordMetadata[]).filter(({ topicName }) => topicName === topic);
}
