import { defineInstrumentation, messaging } from '@clew/core/plugin';
import { Connections, type NatsTools } from './connections.ts';
import type { HeadersFactory } from './nats.ts';
import { patchConsumer, patchSubscribe } from './patch-delivering.ts';
import { patchConnection, patchJetStream } from './patch-sending.ts';

declare const __VERSION__: string;

const TWO = { module: 'nats', versions: ['>=2.18 <3'], patch };
const CORE = { module: '@nats-io/nats-core', versions: ['>=3 <4'], patch };
const JETSTREAM = { ...CORE, module: '@nats-io/jetstream' };

/** Traces NATS: messages, requests and replies, and JetStream. */
export const NatsInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-nats',
  version: __VERSION__,
  options: messaging.options,
  targets: [
    { ...TWO, file: 'lib/nats-base-client/headers.js' },
    { ...TWO, file: 'lib/nats-base-client/nats.js' },
    { ...TWO, file: 'lib/jetstream/jsclient.js' },
    { ...TWO, file: 'lib/jetstream/consumer.js' },
    { ...CORE, file: 'lib/headers.js' },
    { ...CORE, file: 'lib/nats.js' },
    { ...JETSTREAM, file: 'lib/jsclient.js' },
    { ...JETSTREAM, file: 'lib/consumer.js' },
    { ...JETSTREAM, file: 'lib/pushconsumer.js' },
  ],
});

export type NatsInstrumentation = InstanceType<typeof NatsInstrumentation>;

interface Exports {
  readonly headers?: HeadersFactory;
  readonly NatsConnectionImpl?: { readonly prototype: object };
  readonly JetStreamClientImpl?: { readonly prototype: object };
  readonly PullConsumerImpl?: { readonly prototype: object };
  readonly OrderedPullConsumerImpl?: { readonly prototype: object };
  readonly PushConsumerImpl?: { readonly prototype: object };
}

const connectionsOf = new WeakMap<NatsTools, Connections>();

/** Each file exports one or more of the classes. */
function patch(moduleExports: unknown, tools: NatsTools): void {
  const connections = connectionsOf.get(tools) ?? new Connections(tools);
  connectionsOf.set(tools, connections);
  tools.once(connections, () => connections.enable());
  const { headers, NatsConnectionImpl, JetStreamClientImpl, ...others } = moduleExports as Exports;
  connections.newHeaders ??= headers;
  if (NatsConnectionImpl !== undefined) {
    patchConnection(NatsConnectionImpl.prototype, connections);
    patchSubscribe(NatsConnectionImpl.prototype, connections);
  }
  if (JetStreamClientImpl !== undefined) patchJetStream(JetStreamClientImpl.prototype, connections);
  for (const name of ['PullConsumerImpl', 'OrderedPullConsumerImpl', 'PushConsumerImpl'] as const) {
    const consumer = others[name];
    if (consumer !== undefined) patchConsumer(consumer.prototype, connections);
  }
}
