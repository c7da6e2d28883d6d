import { recordSpans } from '../src/index.ts';
import { openChannel, parcel } from './toy-broker.ts';

// Settlements by a handler while it runs.

const originals = '../../core/src/kit/originals.ts';
const mockSetTimeout = jest.fn(jest.requireActual<{ setTimeout: () => void }>(originals).setTimeout);
jest.mock('../../core/src/kit/originals.ts', () => ({
  ...jest.requireActual('../../core/src/kit/originals.ts'),
  setTimeout: (...args: []) => mockSetTimeout(...args),
}));

const recorder = recordSpans();
const eventsOf = (spans: Awaited<ReturnType<typeof recorder.take>>) =>
  spans.map(({ events }) => events.map(({ name }) => name));

test('its own delivery: the span ends with the handler, and a second settlement is ignored', async () => {
  const channel = openChannel()();
  channel.process(parcel('songs'), 1, () => {
    channel.settle(1, false, 'ack');
    channel.settle(1, false, 'nack');
    channel.settle(1, true, 'ack');
    expect(recorder.open()).toHaveLength(1);
  });
  channel.settle(1, false, 'ack');
  expect(eventsOf(await recorder.take(1))).toEqual([['ack']]);
});

test('its own delivery, before its promise settles: the span ends with the promise', async () => {
  const channel = openChannel()();
  const done = Promise.withResolvers<void>();
  const handled = channel.process(parcel('songs'), 1, () => {
    channel.settle(1, false, 'ack');
    return done.promise;
  });
  expect(recorder.open()).toHaveLength(1);
  done.resolve();
  await handled;
  expect(eventsOf(await recorder.take(1))).toEqual([['ack']]);
});

test('all deliveries up to its own, but no later one', async () => {
  const channel = openChannel()();
  channel.process(parcel('songs'), 1, () => {});
  channel.process(parcel('songs'), 3, () => {});
  channel.process(parcel('songs'), 2, () => channel.settle(2, true, 'ack'));
  expect(recorder.open()).toHaveLength(1);
  channel.settle(3, false, 'reject');
  expect(eventsOf(await recorder.take(3))).toEqual([['ack'], ['reject'], ['ack']]);
});

test('another delivery: its own span stays open', async () => {
  const channel = openChannel()();
  channel.process(parcel('songs'), 1, () => {});
  channel.process(parcel('songs'), 2, () => channel.settle(1, false, 'ack'));
  expect(recorder.open()).toHaveLength(1);
  channel.settle(2, false, 'ack');
  expect(eventsOf(await recorder.take(2))).toEqual([['ack'], ['ack']]);
});

test('a delivery inside the handler of another one: each has its own settlement', async () => {
  const channel = openChannel()();
  channel.process(parcel('outer'), 1, () => {
    channel.process(parcel('inner'), 2, () => {});
    channel.settle(1, false, 'ack');
    expect(recorder.open()).toHaveLength(2);
  });
  expect(recorder.open()).toHaveLength(1);
  channel.settle(2, false, 'nack');
  expect(eventsOf(await recorder.take(2))).toEqual([['ack'], ['nack']]);
});

test('the channel is closed: the span has the reason, and the handler continues', async () => {
  const channel = openChannel()();
  const result = channel.process(parcel('songs'), 1, () => {
    expect(channel.close({ type: 'channel_closed', message: 'over' })).toBe(true);
    return 'handled';
  });
  expect(result).toBe('handled');
  const [span] = await recorder.take(1);
  expect(span?.attributes['error.type']).toBe('channel_closed');
  channel.process(parcel('songs'), 2, () => {
    channel.settle(2, false, 'ack');
    expect(channel.close({ type: 'channel_closed', message: 'over' })).toBe(false);
  });
  const [settled] = await recorder.take(1);
  expect(settled?.attributes['error.type']).toBeUndefined();
});

test('a handler that throws: the span has the error, and a later settlement is ignored', async () => {
  const channel = openChannel()();
  const handler = () => {
    throw new RangeError('no more');
  };
  expect(() => channel.process(parcel('songs'), 1, handler)).toThrow('no more');
  channel.settle(1, false, 'nack');
  expect(channel.close({ type: 'channel_closed', message: 'over' })).toBe(false);
  const [span] = await recorder.take(1);
  expect(span).toMatchObject({ attributes: { 'error.type': 'RangeError' } });
  expect(span?.events.map(({ name }) => name)).toEqual(['exception']);
});

test('a failure while a delivery is stored does not change the result of the handler, and the span ends', async () => {
  const channel = openChannel({ consumeTimeoutMs: 1000 })();
  mockSetTimeout.mockClear().mockImplementationOnce(() => {
    throw new RangeError('no timers');
  });
  expect(channel.process(parcel('songs'), 1, () => 'handled')).toBe('handled');
  expect(mockSetTimeout).toHaveReturnedTimes(0);
  expect(mockSetTimeout).toHaveBeenCalledTimes(1);
  channel.settle(1, false, 'ack');
  expect(eventsOf(await recorder.take(1))).toEqual([['ack']]);
});
