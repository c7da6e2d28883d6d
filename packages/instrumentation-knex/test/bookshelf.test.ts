// bookshelf itself is tested in integration-tests/orms: it can't be installed next to knex 3 here.
import { recordSpans } from '@clew/testing';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import Bluebird from 'bluebird';
import { KnexInstrumentation } from '../src/index.ts';

recordSpans();
const KEY = createContextKey('request');
const current = () => context.active().getValue(KEY);
const inRequest = <T>(request: number, run: () => T) =>
  context.with(ROOT_CONTEXT.setValue(KEY, request), run);

const PATCHED = ['_then', '_settlePromiseFromHandler'];
const functions = () =>
  [...PATCHED.map((name) => Reflect.get(Bluebird.prototype, name)), Reflect.get(Bluebird, '_getContext')].map(
    (fn: unknown) => ({ fn, name: (fn as { name: string }).name, length: (fn as { length: number }).length }),
  );
const untraced = functions();

let plugin: KnexInstrumentation;
beforeEach(() => {
  plugin = new KnexInstrumentation();
  plugin.instrument(Bluebird, 'bluebird');
});
afterEach(() => plugin.disable());

/** What is current in a callback of each of ten requests, all of which Bluebird calls in one turn. */
async function currentInCallbacks(run: (read: () => unknown) => PromiseLike<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const requests = Array.from({ length: 10 }, (_, index) =>
    inRequest(index, () =>
      run(() => {
        seen[index] = current();
      }),
    ),
  );
  await Promise.all(requests);
  return seen;
}

const OWN = Array.from({ length: 10 }, (_, index) => index);

test('Bluebird is not changed in an application without bookshelf', async () => {
  expect(functions()).toEqual(untraced);
  expect(await currentInCallbacks((read) => Bluebird.resolve().then(read))).not.toEqual(OWN);
});

describe('in an application with bookshelf', () => {
  beforeEach(() => plugin.instrument({}, 'bookshelf'));

  test.each<[string, (read: () => unknown) => PromiseLike<unknown>]>([
    ['then()', (read) => Bluebird.resolve().then(read)],
    ['then() of a pending promise', (read) => Bluebird.delay(1).then(read)],
    ['catch()', (read) => Bluebird.reject(new Error('failed')).catch(read)],
    ['finally()', (read) => Bluebird.resolve().finally(() => void read())],
    [
      'a callback that adds another one',
      (read) => Bluebird.resolve().then(() => Bluebird.resolve().then(read)),
    ],
    ['map()', (read) => Bluebird.map([1], read)],
    ['mapSeries()', (read) => Bluebird.mapSeries([1], read)],
    ['reduce()', (read) => Bluebird.reduce([1], read, 0)],
    ['all()', (read) => Bluebird.all([Bluebird.resolve()]).then(read)],
    ['join()', (read) => Bluebird.join(Bluebird.resolve(), Bluebird.delay(1), () => read())],
    [
      'a builder that a callback returns',
      (read) =>
        Bluebird.resolve().then(() => ({
          // biome-ignore lint/suspicious/noThenProperty: as knex's builders.
          then: (resolve: (value: unknown) => void) => resolve(read()),
        })),
    ],
  ])('%s runs in the context of its own request', async (_title, run) => {
    expect(await currentInCallbacks(run)).toEqual(OWN);
  });

  test('the patched functions keep name and length, and the plugin takes everything back', () => {
    const shape = ({ name, length }: { name: string; length: number }) => ({ name, length });
    const patched = functions().slice(0, PATCHED.length);
    expect(patched.map(shape)).toEqual(untraced.slice(0, PATCHED.length).map(shape));
    expect(patched).not.toEqual(untraced.slice(0, PATCHED.length));
    plugin.disable();
    expect(functions()).toEqual(untraced);
    plugin.enable();
    expect(functions()).not.toEqual(untraced);
  });

  test('exports that are not a class are left out', async () => {
    plugin.disable();
    plugin = new KnexInstrumentation();
    for (const broken of [undefined, null, {}]) plugin.instrument(broken, 'bluebird');
    plugin.instrument(Bluebird, 'bluebird');
    plugin.instrument({}, 'bookshelf');
    expect(await currentInCallbacks((read) => Bluebird.resolve().then(read))).toEqual(OWN);
  });

  test('the option asyncHooks stays on if the application has set it', () => {
    plugin.disable();
    Bluebird.config({ asyncHooks: true } as object);
    const own = Reflect.get(Bluebird, '_getContext');
    try {
      plugin.enable();
      plugin.disable();
      expect(Reflect.get(Bluebird, '_getContext')).toBe(own);
    } finally {
      Bluebird.config({ asyncHooks: false } as object);
    }
  });
});
