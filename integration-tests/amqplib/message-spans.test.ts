import { recordSpans } from '@clew/testing';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { newest } from './apis.ts';
import { body, delivered, named, traced, until } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

test('the span of a dead-lettered message has its first queue and the reason', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const dead = await channel.queue('clew.dead');
    const queue = await channel.queue('clew.rejected', {
      deadLetterExchange: '',
      deadLetterRoutingKey: dead,
    });
    const received = delivered(channel, dead, (message) => channel.raw.ack(message));
    await channel.consume(queue, (message) => channel.raw.reject(message!, false));
    channel.raw.sendToQueue(queue, body);
    await received;
    const spans = await recorder.take(3);
    expect(named(spans, 'process clew.dead')).toMatchObject({
      traceId: named(spans, 'publish clew.rejected').traceId,
      attributes: {
        'clew.messaging.dead_letter.queue': 'clew.rejected',
        'clew.messaging.dead_letter.reason': 'rejected',
        'clew.messaging.dead_letter.count': 1,
      },
    });
  }));

test('an unsampled message sends its context, and creates no spans', () =>
  traced(newest, broker.url, {}, async (connection) => {
    const channel = await connection.confirmChannel();
    const queue = await channel.queue('clew.unsampled');
    recorder.sampling = 'none';
    const received = delivered(channel, queue, (message) => {
      channel.raw.ack(message);
      return message.properties.headers.traceparent;
    });
    let confirmed = false;
    channel.raw.sendToQueue(queue, body, {}, () => {
      confirmed = true;
    });
    expect(await received).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    await until('the message is confirmed', () => confirmed);
    expect(recorder.spans()).toEqual([]);
    expect(recorder.wastedCalls).toBe(0);
  }));

test('generated names are (temporary) in span names, and are recorded in an attribute', () =>
  traced(newest, broker.url, {}, async (_connection, channel) => {
    const queue = await channel.queue();
    const received = delivered(channel, queue, () => 'seen', { noAck: true });
    channel.raw.sendToQueue(queue, body);
    await received;
    const id = '0b7c3c5e-8d47-4a0e-9b6d-0c5a7e1f2d34';
    channel.raw.publish('amq.topic', `user.${id}.login`, body);
    const spans = await recorder.take(3);
    expect(spans.map(({ name }) => name)).toEqual([
      'publish (temporary)',
      'process (temporary)',
      'publish amq.topic:user.(temporary).login',
    ]);
    expect(spans.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual([
      queue,
      queue,
      `amq.topic:user.${id}.login`,
    ]);
    for (const { attributes } of spans) expect(attributes['messaging.destination.temporary']).toBe(true);
  }));
