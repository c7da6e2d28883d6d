import { rpcSuite } from '@clew/testing';
import type * as Grpc from '@grpc/grpc-js';
import { subjects } from './apis.ts';
import { instrument, startService } from './traced.ts';

for (const { name, api, recorder } of subjects)
  rpcSuite({
    name,
    recorder,
    system: 'grpc',
    timeoutType: 'DEADLINE_EXCEEDED',
    instrument: (options) => {
      // An option of plugins for messages.
      const { callTimeoutMs, ...own } = options as { readonly callTimeoutMs?: number };
      return instrument(api, own);
    },
    async open() {
      let serving: (request: { reply(): void }) => unknown = () => {};
      const unary: Grpc.handleUnaryCall<string, string> = (_, callback) =>
        serving({ reply: () => callback(null, '42') });
      const { client, close } = await startService(api, { unary });
      return {
        serve: async (handler) => {
          serving = handler;
        },
        call: (timeoutMs) =>
          new Promise((resolve, reject) => {
            client.unary('total', { deadline: Date.now() + timeoutMs }, (error, value) =>
              error ? reject(error) : resolve(value),
            );
          }),
        close: async () => close(),
      };
    },
    skips: {
      'a reply after the timeout is a message in the trace of its call':
        'gRPC cancels the call on both sides',
    },
  });
