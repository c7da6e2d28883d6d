import { messaging } from '@clew/core/plugin';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';
import { openChannel, type Parcel, parcel } from './toy-broker.ts';

// Calls whose library pairs request and reply, loops over messages, and consumers that need more time.

const recorder = recordSpans();

describe('a call whose library returns the promise of the reply', () => {
  test('the span ends with the promise, and the request carries its context', async () => {
    const channel = openChannel()();
    const reply = Promise.withResolvers<string>();
    let headers: Parcel['headers'] = {};
    const result = channel.call(parcel('songs'), (sent) => {
      headers = sent.headers;
      return reply.promise;
    });
    expect(recorder.open()).toHaveLength(1);
    reply.resolve('42');
    expect(await result).toBe('42');
    const [client] = await recorder.take(1);
    expect(client?.kind).toBe(SpanKind.CLIENT);
    expect(headers.traceparent).toContain(client?.spanId);
  });

  test('an error reaches the application, and the view may define its error.type', async () => {
    const channel = openChannel()();
    const error = Object.assign(new Error('no responders'), { code: '503' });
    await expect(channel.call(parcel('songs'), () => Promise.reject(error))).rejects.toBe(error);
    const thrown = () =>
      channel.call(parcel('songs'), () => {
        throw error;
      });
    expect(thrown).toThrow(error);
    for (const { attributes, status } of await recorder.take(2)) {
      expect(attributes['error.type']).toBe('503');
      expect(status.code).toBe(SpanStatusCode.ERROR);
    }
  });

  test.each([undefined, new Error('too late')])(
    'several replies: the span ends after the last one (%s)',
    async (error) => {
      const channel = openChannel()();
      const end = Promise.withResolvers<Error | undefined>();
      await channel.call(
        parcel('songs'),
        () => Promise.resolve({ end: end.promise }),
        (replies) => (replies as { readonly end: unknown }).end,
      );
      expect(recorder.open()).toHaveLength(1);
      end.resolve(error);
      const [client] = await recorder.take(1);
      expect(client?.status.code).toBe(error ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
    },
  );
});

describe('a loop over messages', () => {
  async function* parcels(...topics: string[]) {
    for (const topic of topics) yield parcel(topic);
  }
  const read = (item: unknown) => ({ delivery: item as Parcel, tag: undefined });

  test('each span lasts until the loop asks for the next message; its context is known in the body', async () => {
    const channel = openChannel()();
    const iterator = parcels('one', 'two');
    channel.iterate(iterator, read);
    const contexts: (string | undefined)[] = [];
    for await (const each of iterator) {
      contexts.push(trace.getSpanContext(messaging.contextOf(each)!)?.spanId);
      expect(recorder.open().map(({ name }) => name)).toEqual([`process ${each.topic}`]);
    }
    const spans = await recorder.take(2);
    expect(spans.map(({ spanId }) => spanId)).toEqual(contexts);
  });

  test('the span ends when the loop ends early, and when the channel closes', async () => {
    const channel = openChannel()();
    const left = parcels('left', 'never');
    channel.iterate(left, read);
    for await (const _ of left) break;
    const abandoned = parcels('abandoned');
    channel.iterate(abandoned, read);
    await abandoned.next();
    channel.close({ type: 'connection_closed', message: 'the connection closed' });
    const spans = await recorder.take(2);
    expect(spans.map(({ name }) => name)).toEqual(['process left', 'process abandoned']);
  });

  test('the iterator has the same methods and behaviour as before, and other values have no spans', async () => {
    const channel = openChannel()();
    const iterator = parcels('one');
    const before = [iterator.next, iterator.return, iterator.throw].map(({ name, length }) => [name, length]);
    channel.iterate(iterator, () => undefined);
    expect(Object.keys(iterator)).toEqual([]);
    expect(
      [iterator.next, iterator.return, iterator.throw].map(({ name, length }) => [name, length]),
    ).toEqual(before);
    expect((await iterator.next()).value).toMatchObject({ topic: 'one' });
    await expect(iterator.throw(new RangeError('stop'))).rejects.toThrow('stop');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await recorder.take(0);
  });
});

test('a consumer that needs more time: an event each time, until the message is settled', async () => {
  const channel = openChannel()();
  channel.process(parcel('songs'), 1, () => channel.postpone(1, 'working'));
  channel.postpone(1, 'working');
  channel.settle(1, false, 'ack');
  channel.postpone(1, 'working');
  const [span] = await recorder.take(1);
  expect(span?.events.map(({ name }) => name)).toEqual(['working', 'working', 'ack']);
});
