// A plugin for the SDK in memory, and the faults that it may have.
import { bindCallback, type ClientCall, client, defineInstrumentation } from '@clew/core/plugin';
import type { ClientAdapter, SdkCall } from '../src/index.ts';
import { type ToyClient, toySdk } from './toy-sdk.ts';

type Send = (this: ToyClient, method: string, call?: SdkCall) => PromiseLike<unknown>;
type Token = (this: object) => Promise<unknown>;
type Enqueue = (job: () => Promise<unknown>) => void;

/** What a plugin may do wrong. */
export type Fault =
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

/** The adapter of the SDK with its plugin, which may have a fault. Each call returns new classes. */
export function toyAdapter(fault?: Fault): ClientAdapter {
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
