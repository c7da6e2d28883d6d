import { trace } from '@opentelemetry/api';
import type { EachMessagePayload, Producer } from 'kafkajs';
import { newest } from '../kafkajs/apis.ts';
import { newClient, newTopic } from '../kafkajs/traced.ts';
import { findKafka, type Kafka } from '../services/kafka.ts';
import { type Leg, Signals } from './leg.ts';

const TOPIC = newTopic();

/** An error that kafkajs retries. It does not retry those of JavaScript itself. */
class SoldOut extends Error {
  override name = 'SoldOut';
}

/** Messages that the gateway sends and consumes. kafkajs joins its group again after each handler that fails. */
export function kafkaLeg(): Leg {
  let broker: Kafka;
  let client: ReturnType<typeof newClient>;
  let producer: Producer;
  const stored = new Signals();
  const failed = new Set<number>();

  const eachMessage = async ({ message }: EachMessagePayload) => {
    const { fault, id } = JSON.parse(String(message.value)) as { fault: string; id: number };
    if (fault === 'redelivered' && !failed.has(id)) {
      failed.add(id);
      throw new SoldOut('not now');
    }
    await new Promise(setImmediate);
    trace.getTracer('gateway').startSpan('stored').end();
    stored.of(id).resolve();
  };

  const delivered = [`  CONSUMER process ${TOPIC}: complete`, '    INTERNAL stored: complete'];
  return {
    faults: {
      none: [`PRODUCER send ${TOPIC}: complete`, ...delivered],
      redelivered: [
        `PRODUCER send ${TOPIC}: complete`,
        ...delivered,
        `  CONSUMER process ${TOPIC}: failed SoldOut`,
      ],
    },
    async open() {
      broker = await findKafka();
      client = newClient(
        newest,
        broker.brokers,
        {},
        { retry: { initialRetryTime: 5, maxRetryTime: 20, retries: 100 } },
      );
      producer = await client.producer();
      await client.consume([TOPIC], { eachMessage, partitionsConsumedConcurrently: 4 });
    },
    async call(fault, id) {
      await producer.send({ topic: TOPIC, messages: [{ value: JSON.stringify({ fault, id }) }] });
      await stored.of(id).promise;
    },
    async close() {
      await client.disconnect();
      await broker.stop();
    },
  };
}
