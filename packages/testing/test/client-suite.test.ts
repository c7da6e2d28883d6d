// A plugin that keeps the context of each call and ends it once passes the suite for clients, and others fail it.
import { bindCallback, type ClientCall, client, defineInstrumentation } from '@clew/core/plugin';
import {
  type ClientAdapter,
  clientSuite,
  clientTests,
  type SdkCall,
  type Suite,
  testsOf,
} from '../src/index.ts';
import { type ToyClient, toySdk } from './toy-sdk.ts';

type Send = (this: ToyClient, method: string, call?: SdkCall) => PromiseLike<unknown>;
type Token = (this: object) => Promise<unknown>;
type Enqueue = (job: () => Promise<unknown>) => void;

/** What a plugin may do wrong. */
type Fault =
  | 'does not bind the queue'
  | 'ends a stream with its promise'
  | 'ends a stream only at its last chunk'
  | 'observes a copy of the result'
  | 'records a cancellation as an error'
  | 'starts a lazy result at once'
  | 'traces each caller of a token'
  | 'does not see retries';

const sendOperation = client.operation({
  service: 'toy',
  method: 'send',
  attributes: { 'toy.region': 'north' },
});
const tokenOperation = client.operation({ service: 'toy', method: 'fetchToken' });

function adapter(fault?: Fault): ClientAdapter {
  const sdk = toySdk();
  const has = (given: Fault) => fault === given;
  const Toy = defineInstrumentation({
    name: 'clew-instrumentation-toy',
    version: '1.0.0',
    options: client.options,
    targets: [
      {
        module: 'toy',
        versions: ['*'],
        patch(_exports, tools) {
          const { Auth, Client, Connections } = sdk;
          const start = (call?: SdkCall) =>
            client.startCall(tools, () => ({
              operation: sendOperation,
              ...(!has('records a cancellation as an error') && { signal: call?.signal }),
            }));
          const trace = (send: Send): Send =>
            function (method, options) {
              const call = start(options);
              if (call === undefined) return send.call(this, method, options);
              const result = call.run(() => send.call(this, method, options));
              if (has('observes a copy of the result')) return Promise.resolve(call.settle(result));
              return call.settle(result, (value) => deliver(call, value));
            };
          const deliver = (call: ClientCall, value: unknown) => {
            if (has('ends a stream with its promise') || typeof value !== 'object' || value === null) return;
            if (has('ends a stream only at its last chunk')) endAtLastChunk(call, value as Iterating);
            else
              client.traceStream(call, value, {
                iterator: 'iterator',
                signal: (value as Iterating).controller.signal,
              });
          };
          tools.wrap<Send>(Client.prototype, 'send', trace);
          tools.wrap<Send>(Client.prototype, 'sendWithToken', trace);
          tools.wrap<() => PromiseLike<unknown>>(
            Client.prototype,
            'query',
            (query) =>
              function (this: ToyClient) {
                if (!has('starts a lazy result at once'))
                  return client.traceLazy(query.call(this), () => start());
                const call = start();
                return call === undefined ? query.call(this) : call.settle(call.run(() => query.call(this)));
              },
          );
          if (!has('does not bind the queue')) {
            tools.wrap<Enqueue>(
              Connections.prototype,
              'enqueue',
              (enqueue) =>
                function (this: object, job) {
                  return enqueue.call(this, bindCallback(job));
                },
            );
          }
          if (!has('does not see retries')) {
            tools.wrap<(call: SdkCall) => unknown>(
              Client.prototype,
              'retry',
              (retry) =>
                function (this: object, call) {
                  client.callOf()?.retry();
                  return retry.call(this, call);
                },
            );
          }
          const tokens = client.sharedWork(tools, () => ({ operation: tokenOperation }));
          const wait = has('traces each caller of a token') ? tokens.work : tokens.wait;
          tools.wrap<Token>(
            Auth.prototype,
            'token',
            (token) =>
              function () {
                return wait(this, () => token.call(this));
              },
          );
          tools.wrap<Token>(
            Auth.prototype,
            'fetchToken',
            (fetchToken) =>
              function () {
                return tokens.work(this, () => fetchToken.call(this));
              },
          );
        },
      },
    ],
  });
  return {
    name: 'the toy SDK',
    span: { name: 'toy/send', attributes: { 'toy.region': 'north' } },
    failureType: 'REFUSED',
    retries: true,
    instrument: (options) => {
      const plugin = new Toy(options);
      plugin.instrument(sdk);
      return plugin;
    },
    functions: () => [sdk.Client.prototype.send, sdk.Auth.prototype.token],
    open: async (transport) => {
      const session = new sdk.Client(transport);
      return {
        call: (call) => session.send('call', call),
        stream: (call) => session.send('stream', call) as PromiseLike<AsyncIterable<unknown>>,
        tee: (stream) => (stream as unknown as { tee(): AsyncIterable<unknown>[] }).tee(),
        pages: (count) => session.pages(count),
        callWithToken: () => session.sendWithToken('call'),
        lazy: () => session.query(),
        refused: () => session.send('call', null as unknown as SdkCall),
      };
    },
  };
}

interface Iterating extends AsyncIterable<unknown> {
  iterator: () => AsyncIterator<unknown>;
  readonly controller: AbortController;
}

/** What is written first: it misses all other ends. */
function endAtLastChunk(call: ClientCall, stream: Iterating): void {
  const { iterator: create } = stream;
  call.startStream(() => {});
  stream.iterator = async function* () {
    yield* { [Symbol.asyncIterator]: create };
    call.end();
  };
}

clientSuite(adapter());

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
  expect(await failuresOf(clientTests(adapter(fault)))).toEqual(expected);
});

test('a plugin that ends a stream only at its last chunk fails', async () => {
  const [, left] = ENDS_OF_STREAMS as [string, string];
  const { tests, ...suite } = clientTests(adapter('ends a stream only at its last chunk'));
  const all = testsOf({ tests, ...suite }).tests;
  expect(await failuresOf({ ...suite, parts: [], tests: { [left]: all[left] as () => void } })).toEqual([
    left,
  ]);
});

test('what the SDK lacks is skipped by name, and fails without a reason', async () => {
  const { open, ...rest } = adapter();
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
