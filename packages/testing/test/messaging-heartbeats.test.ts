// Heartbeats of a service that works for long, by a clock of the test.
import { recordSpans } from '../src/index.ts';
import { openChannel, parcel } from './toy-broker.ts';
import { request } from './toy-calls.ts';

jest.mock('../../core/src/kit/originals.ts', () => ({
  ...jest.requireActual('../../core/src/kit/originals.ts'),
  setTimeout: (...args: Parameters<typeof setTimeout>) => setTimeout(...args),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
}));

const recorder = recordSpans();
afterEach(() => jest.useRealTimers());

test('heartbeats restart the timeout of a call for silence, but not its total timeout', async () => {
  jest.useFakeTimers();
  const channel = openChannel()();
  channel.listen('replies');
  channel.send(request('silent', { timeoutMs: 10_000, silenceTimeoutMs: 60 }), () => true);
  channel.send(request('alive', { timeoutMs: 150, silenceTimeoutMs: 60 }), () => true);
  const open: number[] = [];
  for (let atMs = 50; atMs <= 150; atMs += 50) {
    jest.advanceTimersByTime(50);
    open.push(recorder.open().length);
    channel.process(parcel('replies', { id: 'alive', more: true }), undefined, () => {});
  }
  expect(open).toEqual([2, 1, 0]);
  const spans = await recorder.take(2);
  expect(spans.map(({ status }) => status.message)).toEqual([
    'no reply within 60 ms',
    'no reply within 150 ms',
  ]);
});
