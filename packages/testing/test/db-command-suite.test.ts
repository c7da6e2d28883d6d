import { dbCommandTests, testsOf } from '@clew/testing';

const adapter = {
  name: 'a library',
  system: 'redis',
  read: { name: 'GET', operation: 'GET' },
  failureCode: 'ERR',
  noCallbacks: 'it returns promises',
  functions: 'it listens to a channel',
  instrument: () => ({ enable() {}, disable() {} }),
  open: async () => ({
    read: async () => null,
    write: async () => null,
    fail: () => Promise.reject(new Error('ERR')),
    close: async () => {},
  }),
};

test('a plugin that traces nothing fails the suite', async () => {
  const suite = dbCommandTests(adapter);
  suite.recorder.start();
  const { tests } = testsOf(suite);
  const title = 'a command is one CLIENT span with the attributes of the conventions';
  await expect(Promise.resolve(tests[title]?.())).rejects.toThrow();
  suite.recorder.reset();
  suite.recorder.stop();
});

test('what the library lacks is skipped by name', () => {
  const { skips } = testsOf(dbCommandTests(adapter));
  expect(skips['a callback runs in the context of its caller']).toBe('it returns promises');
  expect(skips["disable() restores the library's own functions"]).toBe('it listens to a channel');
});
