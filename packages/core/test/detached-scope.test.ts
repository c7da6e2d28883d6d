import { diag } from '@opentelemetry/api';
import { DetachedScope } from '../src/context/detached-scope.ts';

test('logs an error of background work once and does not end the application', async () => {
  const error = jest.fn();
  const ignore = () => {};
  diag.setLogger({ error, warn: ignore, info: ignore, debug: ignore, verbose: ignore });
  const scope = new DetachedScope('ClewTest', 'a test');
  const uncaught = jest.fn();
  process.once('uncaughtException', uncaught);
  const fail = () => {
    throw new Error('on purpose');
  };
  scope.soon(fail);
  scope.later(0, fail);
  const done = Promise.withResolvers<void>();
  scope.later(5, done.resolve);
  await done.promise;
  process.removeListener('uncaughtException', uncaught);
  diag.disable();
  expect(uncaught).not.toHaveBeenCalled();
  expect(error.mock.calls).toEqual([
    [expect.stringMatching(/^clew: a test failed;/), new Error('on purpose')],
  ]);
});
