import { createPropagator, createSignature, w3cBaggage, w3cTraceContext } from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { recordSpans } from '@clew/testing';
import { context, propagation, trace } from '@opentelemetry/api';
import { newest } from '../amqplib/apis.ts';
import { inSpan, traced } from '../amqplib/traced.ts';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';

const KEYS = { edge: 'the secret of the edge proxy' };
const HOUR_MS = 3_600_000;

const recorder = recordSpans();
const clock = { now: Date.now() };
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

beforeEach(() => {
  propagation.disable();
  propagation.setGlobalPropagator(
    createPropagator({
      extract: [w3cTraceContext],
      inject: [w3cTraceContext],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
      signature: createSignature({ keys: KEYS }, () => clock.now),
    }),
  );
  setPropagationDefaults({ trust: { trace: 'ignore', baggage: 'drop' } });
});
afterEach(() => setPropagationDefaults({}));

test('the signature of a message stays valid for hours and for repeated deliveries', () =>
  traced(newest, broker.url, {}, async (connection, channel) => {
    const queue = await channel.queue('clew.signed');
    let sentIn: string | undefined;
    inSpan('sender', () => {
      sentIn = trace.getActiveSpan()?.spanContext().traceId;
      const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
      context.with(propagation.setBaggage(context.active(), baggage), () =>
        channel.raw.sendToQueue(queue, Buffer.from('{}')),
      );
    });
    clock.now += HOUR_MS;
    const consumer = await connection.channel();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      void consumer.consume(queue, (message) => {
        const tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
        seen.push([trace.getActiveSpan()?.spanContext().traceId, tenant]);
        if (seen.length < 3) consumer.raw.nack(message as never, false, true);
        else {
          consumer.raw.ack(message as never);
          resolve();
        }
      });
    });
    const spans = await recorder.take(5);
    expect(spans.filter(({ traceId }) => traceId === sentIn)).toHaveLength(5);
    expect(seen).toEqual(Array(3).fill([sentIn, 'acme']));
  }));

test('the signature of a message does not cover headers that were changed in the queue', () =>
  traced(newest, broker.url, {}, async (connection, channel) => {
    const queue = await channel.queue('clew.forged');
    const other = await channel.queue('clew.forged.copy');
    inSpan('sender', () => channel.raw.sendToQueue(queue, Buffer.from('{}')));
    const consumer = await connection.channel();
    const signed = await new Promise<Record<string, unknown>>((resolve) => {
      void consumer.consume(queue, (message) => {
        consumer.raw.ack(message as never);
        resolve(message?.properties.headers as Record<string, unknown>);
      });
    });
    expect(signed['clew-signature']).toMatch(/^v2;k=edge;.*;h=traceparent;c=message;s=/);
    const forged = { ...signed, traceparent: String(signed.traceparent).replace(/0.$/, '00') };
    propagation.disable();
    channel.raw.sendToQueue(other, Buffer.from('{}'), { headers: forged });
    propagation.setGlobalPropagator(
      createPropagator({
        extract: [w3cTraceContext],
        inject: [],
        extractBeside: [],
        injectBeside: [],
        signature: createSignature({ keys: KEYS }, () => clock.now),
      }),
    );
    const traceId = await new Promise<string | undefined>((resolve) => {
      void consumer.consume(other, (message) => {
        consumer.raw.ack(message as never);
        resolve(trace.getActiveSpan()?.spanContext().traceId);
      });
    });
    await recorder.take(5);
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(String(signed.traceparent)).not.toContain(traceId);
  }));
