/** The parts of the library's own objects that the plugin reads. */
export interface Message {
  readonly topic: string;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: Headers | undefined;
}

export type Headers = ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>;

/** What `send` takes. */
export interface SendOptions {
  readonly messages: readonly Message[];
}

/** What `send` gives to the application. */
export interface SendResult {
  readonly offsets?: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
  }[];
}

export interface DeliveredMessage extends Message {
  readonly partition: number;
  readonly offset: bigint;
  readonly headers: ReadonlyMap<unknown, unknown>;
  readonly metadata?: { readonly consumer?: { readonly groupId?: string } };
}

/** What the channel `plt:kafka:instances` publishes for each object of the library. */
export interface Created {
  readonly type: string;
  readonly instance: object;
}

/** Turns a text or a value of the application into bytes. */
export type Serializer = (data: unknown) => unknown;

interface Serializers {
  readonly headerKey?: Serializer;
  readonly headerValue?: Serializer;
}

/** The serializers of a producer's headers: those that the application has set, if any. */
export function headerSerializers(producer: object): Serializers {
  const symbol = Object.getOwnPropertySymbols(producer).find(
    ({ description }) => description === 'plt.kafka.base.options',
  );
  const options = symbol && (Reflect.get(producer, symbol) as { readonly serializers?: Serializers });
  return options?.serializers ?? {};
}

export function isDelivered(value: unknown): value is DeliveredMessage {
  if (typeof value !== 'object' || value === null) return false;
  const { topic, offset, headers } = value as Partial<DeliveredMessage>;
  return typeof topic === 'string' && typeof offset === 'bigint' && headers instanceof Map;
}
