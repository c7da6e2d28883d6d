// A plugin that keeps the context of each call and ends it once passes the suite for clients, and others fail it.
import { clientSuite, clientTests, type Suite, testsOf } from '../src/index.ts';
import { type Fault, toyAdapter } from './toy-sdk-plugin.ts';

clientSuite(toyAdapter());

const ENDS_OF_STREAMS = [
  'a stream that breaks is a failure, which its consumer receives',
  'a stream that its consumer leaves is not a failure',
  'a stream whose consumer throws is not a failure',
  'a stream that is aborted while its consumer waits is not a failure',
  'a stream that is aborted while nothing is read ends',
  'a stream that the application never reads ends when it is garbage',
];
const TOKENS = [
  'a token that ten calls wait for is fetched under the first call, and the others link to it',
  'a token that cannot be fetched fails all calls that wait for it',
];

test.each<[Fault, string[]]>([
  [
    'does not bind the queue',
    [
      'concurrent calls belong to their own callers, and so do their requests',
      'concurrent calls that are retried keep their own contexts',
      ...TOKENS.slice(0, 1),
    ],
  ],
  [
    'ends a stream with its promise',
    ['the span of a stream ends with the stream, and has the time to the first chunk', ...ENDS_OF_STREAMS],
  ],
  [
    'observes a copy of the result',
    [
      'the result of a call has the class and the properties that the SDK gives it',
      'the span of a stream ends with the stream, and has the time to the first chunk',
      ...ENDS_OF_STREAMS,
    ],
  ],
  [
    'records a cancellation as an error',
    [
      'a call that its caller aborts is not a failure',
      'a call that is aborted with an error as the reason is a failure with this error',
    ],
  ],
  [
    'starts a lazy result at once',
    [
      'a lazy result is a span from its first `then`, in the context of the code that created it',
      'a lazy result that is never used has no span',
      'a lazy result that fails is recorded',
    ],
  ],
  ['traces each caller of a token', TOKENS],
  [
    'does not see retries',
    ['a call that is retried is one span, and all its requests are sent in its context'],
  ],
])('a plugin that %s fails these tests, and no others', async (fault, expected) => {
  expect(await failuresOf(clientTests(toyAdapter(fault)))).toEqual(expected);
});

test('a plugin that ends a stream only at its last chunk fails', async () => {
  const [, left] = ENDS_OF_STREAMS as [string, string];
  const { tests, ...suite } = clientTests(toyAdapter('ends a stream only at its last chunk'));
  const all = testsOf({ tests, ...suite }).tests;
  expect(await failuresOf({ ...suite, parts: [], tests: { [left]: all[left] as () => void } })).toEqual([
    left,
  ]);
});

test('what the SDK lacks is skipped by name, and fails without a reason', async () => {
  const { open, ...rest } = toyAdapter();
  const without = async (...args: Parameters<typeof open>) => {
    const { call } = await open(...args);
    return { call };
  };
  const silent = clientTests({ ...rest, open: without });
  expect(await failuresOf(silent)).toHaveLength(19);
  const lacks = {
    stream: 'no streams',
    pages: 'no pages',
    callWithToken: 'no token',
    lazy: 'none',
    refused: 'none',
  };
  expect(await failuresOf(clientTests({ ...rest, open: without, lacks }))).toEqual([]);
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
