import { interrupted, interruption } from '../src/interruption.ts';

test('aborts on the first signal, and leaves the next one to the process', () => {
  const counts = () => ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));
  const before = counts();
  const signal = interruption();
  expect([signal.aborted, counts()]).toEqual([false, before.map((count) => count + 1)]);
  process.emit('SIGTERM', 'SIGTERM');
  expect([signal.aborted, counts()]).toEqual([true, before]);
});

test('resolves on the first signal', async () => {
  const done = interrupted();
  process.emit('SIGINT', 'SIGINT');
  await done;
});
