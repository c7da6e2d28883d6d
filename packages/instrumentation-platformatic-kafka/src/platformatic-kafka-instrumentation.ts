import type { Readable } from 'node:stream';
import { defineInstrumentation, kafka } from '@clew/core/plugin';
import { Clients } from './clients.ts';
import type { Created } from './platformatic-kafka.ts';
import type { KafkaTools } from './platformatic-kafka-view.ts';

declare const __VERSION__: string;

/** The channel on which the library publishes each object that it creates. */
const CREATED = 'plt:kafka:instances';

/** Traces @platformatic/kafka: the messages that are sent, and those that a stream delivers. */
export const PlatformaticKafkaInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-platformatic-kafka',
  version: __VERSION__,
  options: kafka.options,
  targets: [{ channel: CREATED, watch }],
});

export type PlatformaticKafkaInstrumentation = InstanceType<typeof PlatformaticKafkaInstrumentation>;

function watch(tools: KafkaTools): void {
  const clients = new Clients(tools);
  tools.subscribe(CREATED, (message) => {
    const { type, instance } = message as Created;
    if (type === 'producer') clients.traceProducer(instance);
    else if (type === 'messages-stream') clients.traceStream(instance as Readable);
  });
}
