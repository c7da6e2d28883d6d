import { AmqplibInstrumentation, messageContext } from '@clew/instrumentation-amqplib';
import { recordSpans } from '@clew/testing';
import { trace } from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { newest } from './apis.ts';
import { createClient, serve } from './rpc-pair.ts';
import { activeSpanId, body, delivered, inSpan, traced } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test('ignored queues and exchanges have no spans, but the context of the sender is sent', () =>
  traced(newest, broker.url, { ignore: [/^clew\.ignored/, 'amq.fanout'] }, async (_connection, channel) => {
    const [ignored, other] = [await channel.queue('clew.ignored'), await channel.queue('clew.not-ignored')];
    await channel.ask('bindQueue', ignored, 'amq.fanout', '', {});
    const received = delivered(channel, ignored, (message) => {
      channel.raw.ack(message);
      return { active: activeSpanId(), later: trace.getSpanContext(messageContext(message))?.spanId };
    });
    inSpan('caller', () => channel.raw.publish('amq.fanout', '', body));
    const { active, later } = await received;
    channel.raw.sendToQueue(ignored, body);
    await channel.ask('cancel', 'none');
    await channel.get(ignored, { noAck: true });
    channel.raw.sendToQueue(ignored, body, { replyTo: other, correlationId: '1' });
    channel.raw.sendToQueue(other, body);
    const [caller, publish] = await recorder.take(2);
    expect([caller?.name, publish?.name]).toEqual(['caller', 'publish clew.not-ignored']);
    expect([active, later]).toEqual([caller?.spanId, caller?.spanId]);
    channel.raw.on('error', () => {});
    await expect(channel.ask('checkQueue', 'clew.ignored.missing')).rejects.toThrow('NOT_FOUND');
  }));

test('an ignored call has no spans, and neither has its reply', () =>
  traced(newest, broker.url, { ignore: ['clew.health'] }, async (connection, channel) => {
    const queue = await channel.queue('clew.health');
    const served: (string | undefined)[] = [];
    await serve(await connection.channel(), queue, () => {
      served.push(activeSpanId());
      return 'ok';
    });
    const client = await createClient(channel, 'shared');
    const calls = ['first', 'second'].map((name) =>
      inSpan(name, async () => {
        await client.call(queue, body);
        return activeSpanId();
      }),
    );
    const after = await Promise.all(calls);
    const callers = (await recorder.take(2)).map(({ spanId }) => spanId);
    expect(after).toEqual(callers);
    expect(served).toEqual(callers);
  }));

test('the ignored names can be changed while the application runs', async () => {
  const instrumentation = new AmqplibInstrumentation();
  instrumentation.instrument(newest.module);
  const connection = await newest.connect(broker.url);
  try {
    const channel = await connection.channel();
    const queue = await channel.queue('clew.sometimes');
    channel.raw.sendToQueue(queue, body);
    instrumentation.setConfig({ ignore: [queue] });
    channel.raw.sendToQueue(queue, body);
    instrumentation.setConfig({});
    channel.raw.sendToQueue(queue, body);
    await recorder.take(2);
  } finally {
    await connection.close();
    instrumentation.disable();
  }
});
