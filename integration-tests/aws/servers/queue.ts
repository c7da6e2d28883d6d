import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { invalidValue } from './aws-error.ts';
import { attributeBytes, checkAttributes, type MessageAttributes } from './message-attributes.ts';

/** A message that is stored in a queue. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** `AWSTraceHeader` and the attributes that the service sets itself. */
  readonly systemAttributes: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
  receiveCount: number;
  receiptHandle: string | undefined;
  visibleAtMs: number;
}

/** Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
const DEFAULT_MAX_BYTES = 1_048_576;
const DEFAULT_VISIBILITY_SECONDS = 30;

/** A queue in memory, with long polling and visibility timeouts. */
export class Queue {
  readonly name: string;
  readonly arn: string;
  readonly maxBytes: number;
  readonly #visibilityMs: number;
  #messages: StoredMessage[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(name: string, attributes: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
    this.maxBytes = Number(attributes.MaximumMessageSize ?? DEFAULT_MAX_BYTES);
    this.#visibilityMs = Number(attributes.VisibilityTimeout ?? DEFAULT_VISIBILITY_SECONDS) * 1000;
  }

  /** The messages that are not deleted. */
  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  send(
    body: string,
    attributes: MessageAttributes,
    systemAttributes: Readonly<Record<string, string>> = {},
  ): StoredMessage {
    checkAttributes(attributes);
    if (Buffer.byteLength(body) + attributeBytes(attributes) > this.maxBytes)
      throw invalidValue(
        `One or more parameters are invalid. Reason: Message must be shorter than ${this.maxBytes} bytes.`,
      );
    const message: StoredMessage = {
      id: randomUUID(),
      body,
      attributes,
      systemAttributes,
      sentAtMs: Date.now(),
      receiveCount: 0,
      receiptHandle: undefined,
      visibleAtMs: 0,
    };
    this.#messages.push(message);
    this.#wake();
    return message;
  }

  /** Receives up to `max` messages; waits up to `waitMs` for the first one. */
  async receive(max: number, waitMs: number, visibilityMs = this.#visibilityMs): Promise<StoredMessage[]> {
    const deadlineMs = Date.now() + waitMs;
    for (;;) {
      const nowMs = Date.now();
      const visible = this.#messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs).slice(0, max);
      if (visible.length > 0 || nowMs >= deadlineMs) {
        for (const message of visible) {
          message.receiveCount++;
          message.receiptHandle = randomUUID();
          message.visibleAtMs = nowMs + visibilityMs;
        }
        return visible;
      }
      await this.#change(deadlineMs - nowMs);
    }
  }

  delete(receiptHandle: string): void {
    if (!/^[\w-]+$/.test(receiptHandle)) throw invalidValue('The input receipt handle is invalid.');
    this.#messages = this.#messages.filter((message) => message.receiptHandle !== receiptHandle);
  }

  /** Makes a received message visible again after this time. */
  setVisibility(receiptHandle: string, visibilityMs: number): void {
    const message = this.#messages.find((each) => each.receiptHandle === receiptHandle);
    if (message === undefined) throw invalidValue('The input receipt handle is invalid.');
    message.visibleAtMs = Date.now() + visibilityMs;
    this.#wake();
  }

  /** Ends all waits. */
  close(): void {
    this.#messages = [];
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.clear();
  }

  #change(waitMs: number): Promise<void> {
    const nextVisibleMs = Math.min(...this.#messages.map(({ visibleAtMs }) => visibleAtMs - Date.now()));
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(), Math.max(1, Math.min(waitMs, nextVisibleMs)));
      const done = () => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        this.#waiting.delete(done);
        resolve();
      };
      this.#timers.add(timer);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
