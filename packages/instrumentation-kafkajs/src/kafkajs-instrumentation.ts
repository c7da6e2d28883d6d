import { type AnyFunction, defineInstrumentation, guard, kafka } from '@clew/core/plugin';
import { Clients } from './clients.ts';
import type { KafkajsTools } from './kafkajs-view.ts';
import { traceConsumer } from './patch-consumer.ts';
import { traceProducer } from './patch-producer.ts';

declare const __VERSION__: string;

/** Traces kafkajs: the messages that are sent, also in transactions, and the messages and batches that are processed. */
export const KafkajsInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-kafkajs',
  version: __VERSION__,
  options: kafka.options,
  targets: [{ module: 'kafkajs', versions: ['>=2 <3'], patch }],
});

export type KafkajsInstrumentation = InstanceType<typeof KafkajsInstrumentation>;

type Create = (this: object, ...args: readonly unknown[]) => object;

const clientsOf = new WeakMap<KafkajsTools, Clients>();

function patch(moduleExports: unknown, tools: KafkajsTools): void {
  const { Kafka } = moduleExports as { readonly Kafka?: { readonly prototype: object } };
  if (Kafka === undefined) return;
  const clients = clientsOf.get(tools) ?? new Clients(tools);
  clientsOf.set(tools, clients);
  tools.once(clients, () => clients.enable());
  const wrap = (name: 'producer' | 'consumer', trace: (client: object, options: unknown) => void) =>
    tools.wrap<Create & AnyFunction>(
      Kafka.prototype,
      name,
      (create) =>
        function (this: object, ...args: readonly unknown[]) {
          const client = Reflect.apply(create, this, args) as object;
          guard(`${tools.name}: a ${name}`, () => trace(client, args[0]));
          return client;
        } as Create & AnyFunction,
    );
  wrap('producer', (producer) => traceProducer(producer, clients));
  wrap('consumer', (consumer, options) => traceConsumer(consumer, groupOf(options), clients));
}

function groupOf(options: unknown): string | undefined {
  const { groupId } = (options ?? {}) as { readonly groupId?: unknown };
  return typeof groupId === 'string' ? groupId : undefined;
}
