import type { Span } from '@opentelemetry/api';
import { encoderFor } from './headers.ts';
import { headerSerializers, type Message, type SendOptions, type SendResult } from './platformatic-kafka.ts';

/** The messages that one call of `send` sends to one topic. */
export interface Outbound {
  readonly topic: string;
  messages: readonly Message[];
  /** Whether `messages` are copies. */
  isCopy: boolean;
  /** The span of the messages, if it is recorded. */
  span: Span | undefined;
  /** How the names and values of headers are given to the library; missing if it can't write them as they are. */
  readonly encoders: { readonly key: Encoder; readonly value: Encoder } | undefined;
  /** What the library has returned. */
  result: SendResult | undefined;
}

type Encoder = (text: string) => unknown;

/** The messages of a call, by topic; `undefined` if the library will refuse them. */
export function outboundsOf(producer: object, options: SendOptions | undefined): Outbound[] | undefined {
  const messages = options?.messages;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isValid)) return undefined;
  const { headerKey, headerValue } = headerSerializers(producer);
  const [key, value] = [encoderFor(headerKey), encoderFor(headerValue)];
  const encoders = key && value && { key, value };
  return Object.entries(Object.groupBy(messages as readonly Message[], ({ topic }) => topic)).map(
    ([topic, own = []]) => ({
      topic,
      messages: own,
      isCopy: false,
      span: undefined,
      encoders,
      result: undefined,
    }),
  );
}

/** The messages of all topics in the order of the application. */
export function inOrder(options: SendOptions, outbounds: readonly Outbound[]): readonly Message[] {
  const iterators = new Map(outbounds.map(({ topic, messages }) => [topic, messages.values()]));
  return options.messages.map((message) => iterators.get(message.topic)?.next().value ?? message);
}

function isValid(message: Message | null | undefined): boolean {
  if (typeof message !== 'object' || message === null || typeof message.topic !== 'string') return false;
  const { headers } = message;
  return headers === undefined || (typeof headers === 'object' && headers !== null);
}
