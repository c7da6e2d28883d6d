import { droppedFromWire } from '@clew/core';
import { recordSpans } from '@clew/testing';
import {
  type Context,
  context,
  propagation,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import { type Rabbitmq, rabbitmq } from '../services/rabbitmq.ts';
import { apis, type Message } from './apis.ts';
import { body, delivered, named, traced } from './traced.ts';

const recorder = recordSpans();
let broker: Rabbitmq;

beforeAll(async () => {
  broker = await rabbitmq();
}, 120_000);
afterAll(() => broker.stop());

/** The header frame of 0.10.0 is 4096 bytes by default, that of later versions 131,072. */
const KIB = 1024;

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_name, api) => {
  const maxBytes = api.name.includes('0.10.0') ? 4 * KIB : 64 * KIB;

  test.each([0, 30, 60, 90, 120, 600].map((gap) => [gap]))(
    'a message with headers that leave %d bytes is delivered as it would be untraced',
    (gap) =>
      traced(api, broker.url, {}, async (_connection, channel) => {
        const queue = await channel.queue('clew.headers');
        // 200 bytes for the second header, the lengths and types of both, and the rest of the frame.
        const own = { first: 'x'.repeat(maxBytes - 200 - gap), second: [1, { deep: 'y' }] };
        const inside = delivered(channel, queue, (message) => {
          channel.raw.ack(message);
          return message.properties.headers;
        });
        channel.raw.sendToQueue(queue, body, { headers: own, messageId: 'm' });
        const { first, second, ...others } = await inside;
        expect({ first, second }).toEqual(own);
        expect(Object.keys(others)).toEqual(gap < 512 ? [] : ['traceparent']);
        await recorder.take(2);
      }),
  );

  test('circular headers fail as they do untraced', () =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const circular: Record<string, unknown> = {};
      for (const name of ['one', 'two', 'three']) circular[name] = circular;
      let failure: (Error & { code?: string }) | undefined;
      try {
        channel.raw.sendToQueue('clew.headers', body, { headers: { circular } });
      } catch (error) {
        failure = error as Error;
      }
      // At the end of the stack, the lookup of a global may fail first, as it does in Jest on Node 26.
      expect([RangeError, ReferenceError].map(({ name }) => name)).toContain(failure?.name);
      const [span] = await recorder.take(1);
      expect(span?.attributes['error.type']).toBe(failure?.code ?? failure?.name);
    }));

  test.each([
    ['too long for the encoder', 70_000],
    ['too long for any header', 1_000_000],
  ])('a header of a propagator is left out if it is %s', (_title, chars) =>
    traced(api, broker.url, {}, async (_connection, channel) => {
      const queue = await channel.queue('clew.headers');
      const inside = delivered(channel, queue, (message: Message) => {
        channel.raw.ack(message);
        return Object.keys(message.properties.headers).sort();
      });
      withPropagator({ 'x-short': '1', 'x-long': 'x'.repeat(chars) }, () => {
        expect(() => channel.raw.sendToQueue(queue, body, { headers: { own: 1 } })).not.toThrow();
      });
      expect(await inside).toEqual(['own', 'x-short']);
      const spans = await recorder.take(2);
      expect(named(spans, 'publish clew.headers').attributes['error.type']).toBeUndefined();
      expect(droppedFromWire()).toMatchObject({
        '@clew/instrumentation-amqplib: outgoing header does not fit': expect.any(Number),
      });
    }),
  );
});

/** Calls `run` while the global propagator writes these headers. */
function withPropagator(headers: Readonly<Record<string, string>>, run: () => void): void {
  const inject = jest.spyOn(propagation, 'inject');
  const write: TextMapPropagator['inject'] = <C>(_context: Context, carrier: C, setter: TextMapSetter<C>) => {
    for (const [name, value] of Object.entries(headers)) setter.set(carrier, name, value);
  };
  inject.mockImplementation(((from: Context, carrier: unknown, setter: TextMapSetter<unknown>) =>
    write(from, carrier, setter)) as typeof propagation.inject);
  try {
    context.with(context.active(), run);
  } finally {
    inject.mockRestore();
  }
}
