import { modelReader } from '../src/model-reader.ts';

test('of a stream, at most 128 blocks are kept', () => {
  const collector = modelReader.collector(true);
  for (let id = 0; id < 200; id++) collector.add({ type: 'text-delta', id: String(id), delta: 'one' });
  collector.add({ type: 'text-delta', id: '0', delta: ' two' });
  const [message] = collector.response().output!();
  expect(message!.parts).toHaveLength(128);
  expect(message!.parts[0]!.content).toBe('one two');
});

test('without captureContent, no content is kept', () => {
  const collector = modelReader.collector(false);
  collector.add({ type: 'text-delta', id: '0', delta: 'one' });
  expect(collector.response().output!()[0]!.parts).toEqual([]);
});
