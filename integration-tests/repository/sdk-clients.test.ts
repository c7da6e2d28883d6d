// Runs the plugin of docs/sdk-clients.md with an SDK in memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plugin from '@clew/core/plugin';
import { clientSuite, type SdkCall, type Subject } from '@clew/testing';
import { transformSync } from '@swc/core';
import { toySdk } from '../../packages/testing/test/toy-sdk.ts';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'sdk-clients.md'), 'utf8');
const [block] = Array.from(guide.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code as string);

interface PluginModule {
  readonly TinysdkInstrumentation: new (
    options?: object,
  ) => Subject & { instrument(moduleExports: unknown): void };
}

function evaluate(source: string): PluginModule {
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  const load = (name: string) => (name === '@clew/core/plugin' ? plugin : require(name));
  new Function('exports', 'require', code)(exported, load);
  return exported as PluginModule;
}

const sdk = toySdk();

clientSuite({
  name: 'tinysdk',
  span: { name: 'tinysdk/call', attributes: {} },
  streamName: 'tinysdk/stream',
  failureType: 'REFUSED',
  retries: true,
  lacks: { callWithToken: 'the plugin does not trace tokens', lazy: 'tinysdk has no lazy results' },
  instrument: (options) => {
    const { TinysdkInstrumentation } = evaluate(block as string);
    const instance = new TinysdkInstrumentation(options);
    instance.instrument(sdk);
    return instance;
  },
  functions: () => [sdk.Client.prototype.send],
  open: async (transport) => {
    const session = new sdk.Client(transport);
    return {
      call: (call) => session.send('call', call),
      stream: (call) => session.send('stream', call) as PromiseLike<AsyncIterable<unknown>>,
      tee: (stream) => (stream as unknown as { tee(): AsyncIterable<unknown>[] }).tee(),
      pages: (count) => session.pages(count),
      refused: () => session.send('call', null as unknown as SdkCall),
    };
  },
});
