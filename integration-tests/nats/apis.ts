import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NatsInstrumentation } from '@clew/instrumentation-nats';

export interface Headers {
  get(name: string): string;
  set(name: string, value: string): void;
  keys(): string[];
}

export interface Msg {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: Headers;
  respond(data?: string | Uint8Array, options?: object): boolean;
}

export interface JsMsg {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: Headers;
  readonly redelivered: boolean;
  ack(): void;
  ackAck(): Promise<boolean>;
  nak(delayMs?: number): void;
  term(): void;
  working(): void;
}

export type Callback = (error: Error | null, message: Msg) => unknown;

export interface Subscription extends AsyncIterable<Msg> {
  unsubscribe(): void;
}

/** The methods of a connection that are the same in all versions. */
export interface Connection {
  publish(subject: string, data?: string | Uint8Array, options?: object): void;
  request(subject: string, data?: string | Uint8Array, options?: object): Promise<Msg>;
  requestMany(subject: string, data?: string | Uint8Array, options?: object): Promise<AsyncIterable<Msg>>;
  subscribe(subject: string, options?: object): Subscription;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface Messages extends AsyncIterable<JsMsg> {
  close(): Promise<unknown>;
}

export interface Consumer {
  consume(options?: object): Promise<Messages>;
  fetch(options?: object): Promise<Messages>;
  next(options?: object): Promise<JsMsg | null>;
}

export interface JetStream {
  publish(subject: string, data?: string | Uint8Array, options?: object): Promise<{ readonly seq: number }>;
  readonly consumers: { get(stream: string, name?: string | object): Promise<Consumer> };
}

export interface Manager {
  readonly streams: {
    add(config: object): Promise<unknown>;
    delete(name: string): Promise<boolean>;
  };
  readonly consumers: { add(stream: string, config: object): Promise<unknown> };
}

interface PatchedClass {
  readonly prototype: Record<string, (...args: never[]) => unknown>;
  readonly patched: readonly string[];
}

/** One version of the library. */
export interface Api {
  readonly name: string;
  connect(options: object): Promise<Connection>;
  headers(): Headers;
  jetstream(connection: Connection): JetStream;
  manager(connection: Connection): Promise<Manager>;
  /** The classes that the plugin patches. */
  readonly classes: readonly PatchedClass[];
  /** Patches the library without module hooks. */
  instrument(instrumentation: InstanceType<typeof NatsInstrumentation>): void;
}

type Exports = Record<string, Pick<PatchedClass, 'prototype'>>;

const { resolve } = createRequire(__filename);

/** Files that the package's `exports` may hide. */
function fileOf(name: string, path: string): Exports {
  const main = resolve(name);
  const root = main.slice(0, main.indexOf(join('node_modules', name)) + join('node_modules', name).length);
  return require(join(root, path)) as Exports;
}

function classesOf(core: Exports, jetstream: Exports, consumers: Exports): PatchedClass[] {
  return [
    { ...protoOf(core.NatsConnectionImpl!), patched: ['publish', 'request', 'requestMany', 'subscribe'] },
    { ...protoOf(jetstream.JetStreamClientImpl!), patched: ['publish'] },
    { ...protoOf(consumers.PullConsumerImpl!), patched: ['consume'] },
  ];
}

function protoOf({ prototype }: Pick<PatchedClass, 'prototype'>): Pick<PatchedClass, 'prototype'> {
  return { prototype };
}

function apiOf2(name: string): Api {
  const { connect, headers } = require(name);
  const internal = fileOf(name, 'lib/nats-base-client/nats.js');
  const jetstream = fileOf(name, 'lib/jetstream/jsclient.js');
  const consumers = fileOf(name, 'lib/jetstream/consumer.js');
  return {
    name: `${name} ${require(join(dirname(resolve(name)), 'package.json')).version}`,
    connect,
    headers,
    jetstream: (connection) => (connection as unknown as { jetstream(): JetStream }).jetstream(),
    manager: (connection) =>
      (connection as unknown as { jetstreamManager(): Promise<Manager> }).jetstreamManager(),
    classes: classesOf(internal, jetstream, consumers),
    instrument(instrumentation) {
      for (const each of [{ headers }, internal, jetstream, consumers])
        instrumentation.instrument(each, 'nats');
    },
  };
}

function apiOf3(): Api {
  const transport = require('@nats-io/transport-node');
  const { jetstream, jetstreamManager } = require('@nats-io/jetstream');
  const client = fileOf('@nats-io/jetstream', 'lib/jsclient.js');
  const consumers = fileOf('@nats-io/jetstream', 'lib/consumer.js');
  return {
    name: '@nats-io/transport-node 3',
    connect: transport.connect,
    headers: transport.headers,
    jetstream,
    manager: jetstreamManager,
    classes: classesOf(transport, client, consumers),
    instrument(instrumentation) {
      for (const each of [transport, client, consumers]) instrumentation.instrument(each);
    },
  };
}

export const apis: readonly Api[] = [apiOf2('nats'), apiOf2('nats-2.18'), apiOf3()];
