import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis } from './apis.ts';
import { behaviourOf } from './behaviour.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test.each(apis.map((api) => [api.name, api] as const))(
  '%s: an application observes the same behaviour with the plugin and without it',
  async (_name, api) => {
    const queue = 'clew.behaviour';
    const bare = await behaviourOf(api, broker.url, queue);
    const instrumentation = new AmqplibInstrumentation();
    instrumentation.instrument(api.module);
    try {
      // The first connection leads to the channels.
      await (await api.connect(broker.url)).close();
      expect(await behaviourOf(api, broker.url, queue)).toEqual(bare);
    } finally {
      instrumentation.disable();
    }
    expect(recorder.open()).toEqual([]);
    expect(recorder.spans().length).toBeGreaterThan(10);
    recorder.reset();
    expect(await behaviourOf(api, broker.url, queue)).toEqual(bare);
    expect(recorder.spans()).toEqual([]);
  },
);
