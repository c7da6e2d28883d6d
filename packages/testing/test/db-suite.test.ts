// A plugin that keeps each caller's context passes the suite for databases, and one that loses it fails.
import { bindCallback, db, defineInstrumentation, type QueryOperation } from '@clew/core/plugin';
import { type DbAdapter, dbSuite, dbTests, type Suite, testsOf } from '../src/index.ts';
import { type Callback, connectionTo, startTinydb, TINYDB_SKIPS, tinydb } from './tinydb.ts';

type Send = (text: string, callback: Callback) => void;
/** How a plugin calls the driver's `send`, with a callback that it derives from the application's. */
type CallThrough = (
  operation: QueryOperation | undefined,
  send: (callback: Callback) => void,
  callback: Callback,
) => void;

const inContextOfCaller: CallThrough = (operation, send, callback) =>
  operation === undefined
    ? send(bindCallback(callback))
    : operation.run(() => send(operation.callback(callback)));

const asTheDriverCalls: CallThrough = (operation, send, callback) => {
  if (operation === undefined) return send(callback);
  return operation.run(() =>
    send((error, rows) => {
      if (error) operation.fail(error);
      operation.end();
      callback(error, rows);
    }),
  );
};

let server: Awaited<ReturnType<typeof startTinydb>>;
beforeAll(async () => {
  server = await startTinydb();
});
afterAll(() => server.close());

/** The driver with a plugin. Each call returns a new class, so that plugins do not affect each other. */
function adapter(callThrough: CallThrough): DbAdapter {
  const driver = tinydb();
  const Tinydb = defineInstrumentation({
    name: 'clew-instrumentation-tinydb',
    version: '1.0.0',
    options: db.options,
    targets: [
      {
        module: 'tinydb',
        versions: ['*'],
        patch: (_exports, tools) =>
          tools.wrap<Send>(
            driver.Connection.prototype,
            'send',
            (send) =>
              function (this: InstanceType<typeof driver.Connection>, text, callback) {
                const operation = db.startQuery(tools, () => ({ database: { system: 'sqlite' }, sql: text }));
                callThrough(operation, (bound) => send.call(this, text, bound), callback);
              },
          ),
      },
    ],
  });
  return {
    name: 'tinydb',
    system: 'sqlite',
    placeholder: '?',
    skips: TINYDB_SKIPS,
    instrument: (options) => {
      const plugin = new Tinydb(options);
      plugin.instrument(driver);
      return plugin;
    },
    functions: () => [driver.Connection.prototype.send],
    open: async () => connectionTo(new driver.Connection(server.port)),
    openDriver: async () => connectionTo(new driver.Connection(server.port)),
  };
}

dbSuite(adapter(inContextOfCaller));

test('a plugin that does not bind callbacks fails the tests of callbacks, and no others', async () => {
  expect(await failuresOf(dbTests(adapter(asTheDriverCalls)))).toEqual([
    'a callback runs in the context of its caller, even if queries wait for a connection',
    'the callback of an unsampled query runs in the context of its caller',
    'suppressed tracing is suppressed in the callback too',
    'a query in a callback is a child of the caller',
    'a callback that gets an error is a failed query, and runs in the context of its caller',
  ]);
});

test('tests of callbacks are skipped by name if the adapter gives a reason, and fail otherwise', async () => {
  const { functions, open, ...rest } = adapter(inContextOfCaller);
  const withoutCallbacks = async () => {
    const { queryWithCallback: _, ...connection } = await open();
    return connection;
  };
  const silent = { ...rest, functions, open: withoutCallbacks };
  expect(await failuresOf(dbTests(silent))).toHaveLength(5);

  const named = dbTests({
    ...silent,
    noCallbacks: 'it has only promises',
    functions: 'it listens to channels',
  });
  const { skips } = testsOf(named);
  expect(Object.values(skips).sort()).toEqual(
    [
      ...Array(5).fill('it has only promises'),
      ...Array(2).fill('it listens to channels'),
      ...Array(2).fill('tinydb has no placeholders'),
      ...Array(2).fill('the adapter has no openPool'),
      'the adapter has no missingTableCode',
      'the plugin does not count rows',
    ].sort(),
  );
  expect(await failuresOf(named)).toEqual([]);
});

/** Runs the tests of a suite that are not skipped, and returns the titles of those that fail. */
async function failuresOf(suite: Suite): Promise<string[]> {
  const { tests, skips } = testsOf(suite);
  const failures: string[] = [];
  suite.recorder.start();
  for (const [title, run] of Object.entries(tests)) {
    if (title in skips) continue;
    try {
      await run();
      suite.recorder.verify();
    } catch {
      failures.push(title);
    }
    suite.recorder.sampling = 'all';
    suite.recorder.reset();
  }
  suite.recorder.stop();
  return failures;
}
