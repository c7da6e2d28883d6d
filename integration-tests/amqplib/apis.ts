import type { EventEmitter } from 'node:events';
import amqplib from 'amqplib';
import callbackApi from 'amqplib/callback_api';
import amqplib010 from 'amqplib-0.10';
import callbackApi010 from 'amqplib-0.10/callback_api';
import amqplib0100 from 'amqplib-0.10.0';
import callbackApi0100 from 'amqplib-0.10.0/callback_api';
import amqplib1 from 'amqplib-1';
import callbackApi1 from 'amqplib-1/callback_api';

export interface Fields {
  readonly deliveryTag: number;
  readonly consumerTag?: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
}

export interface Message {
  readonly fields: Fields;
  readonly content: Buffer;
  readonly properties: {
    readonly headers: Record<string, unknown>;
    readonly correlationId?: string;
    readonly replyTo?: string;
    readonly messageId?: string;
  };
}

export type Handler = (message: Message | null) => unknown;

/** The methods of a channel that are the same in both APIs. */
export interface RawChannel extends EventEmitter {
  publish(exchange: string, key: string, content: Buffer, options?: object, onConfirm?: Confirm): boolean;
  sendToQueue(queue: string, content: Buffer, options?: object, onConfirm?: Confirm): boolean;
  ack(message: Message, allUpTo?: boolean): void;
  ackAll(): void;
  nack(message: Message, allUpTo?: boolean, requeue?: boolean): void;
  nackAll(requeue?: boolean): void;
  reject(message: Message, requeue?: boolean): void;
}

export type Confirm = (error: Error | null) => void;

/** A channel of either API. Calls that wait for the broker return promises. */
export interface TestChannel {
  readonly raw: RawChannel;
  /** Calls a method with a reply of the broker, with all its arguments: `ask('assertQueue', 'orders', {})`. */
  ask<T = Record<string, unknown>>(method: string, ...args: unknown[]): Promise<T>;
  /** Declares an exclusive queue, and returns its name. */
  queue(name?: string, options?: object): Promise<string>;
  /** Returns the consumer's tag. */
  consume(queue: string, handler: Handler, options?: object): Promise<string>;
  get(queue: string, options?: object): Promise<Message | false>;
  close(): Promise<void>;
}

export interface TestConnection {
  readonly raw: EventEmitter;
  channel(options?: object): Promise<TestChannel>;
  confirmChannel(options?: object): Promise<TestChannel>;
  close(): Promise<void>;
}

/** One API of one version of amqplib. */
export interface Api {
  readonly name: string;
  /** The module that an application requires. */
  readonly module: { connect: (...args: never[]) => unknown };
  readonly callbacks: boolean;
  connect(url: string): Promise<TestConnection>;
}

type AnyFunction = (...args: unknown[]) => unknown;
type AnyObject = EventEmitter & Record<string, AnyFunction>;

type Call = (target: object, method: string, args: unknown[]) => Promise<unknown>;

const withPromise: Call = async (target, method, args) => (target as AnyObject)[method]!(...args);

const withCallback: Call = (target, method, args) =>
  new Promise((resolve, reject) => {
    (target as AnyObject)[method]!(...args, (error: unknown, value: unknown) =>
      error ? reject(error) : resolve(value),
    );
  });

const modules: readonly [version: string, promises: unknown, callbacks: unknown][] = [
  ['0.10.0', amqplib0100, callbackApi0100],
  ['0.10', amqplib010, callbackApi010],
  ['1', amqplib1, callbackApi1],
  ['2', amqplib, callbackApi],
];

/** Every supported major of amqplib, and the first version of the oldest. */
export const apis: readonly Api[] = modules.flatMap(([version, promises, callbacks]) => [
  api(`amqplib ${version}, promises`, promises, false),
  api(`amqplib ${version}, callbacks`, callbacks, true),
]);

/** The promise API of the newest version, for tests that do not depend on the API. */
export const newest = apis.at(-2)!;

function api(name: string, module: unknown, callbacks: boolean): Api {
  const library = module as Record<string, AnyFunction>;
  const call = callbacks ? withCallback : withPromise;
  return {
    name,
    module: module as Api['module'],
    callbacks,
    async connect(url) {
      const raw = (await call(library, 'connect', [url])) as AnyObject;
      const open = async (method: string, options: object | undefined) =>
        testChannel((await call(raw, method, options ? [options] : [])) as AnyObject, call);
      return {
        raw,
        channel: (options) => open('createChannel', options),
        confirmChannel: (options) => open('createConfirmChannel', options),
        close: async () => {
          await call(raw, 'close', []);
        },
      };
    },
  };
}

function testChannel(raw: AnyObject, call: Call): TestChannel {
  const ask = (method: string, ...args: unknown[]) => call(raw, method, args) as Promise<never>;
  return {
    raw: raw as unknown as RawChannel,
    ask,
    async queue(name = '', options = {}) {
      const { queue } = await ask('assertQueue', name, { exclusive: true, ...options });
      return queue;
    },
    async consume(queue, handler, options = {}) {
      const { consumerTag } = await ask('consume', queue, handler, options);
      return consumerTag;
    },
    get: (queue, options = {}) => ask('get', queue, options),
    close: () => ask('close'),
  };
}
