// Runs the plugin of docs/sdk-clients.md and its test with an SDK in memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plugin from '@clew/core/plugin';
import * as testing from '@clew/testing';
import { transformSync } from '@swc/core';
import { toySdk } from '../../packages/testing/test/toy-sdk.ts';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'sdk-clients.md'), 'utf8');
const blocks = Array.from(guide.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code as string);
const [definition, suite] = ['export const TinysdkInstrumentation', 'clientSuite({'].map((text) =>
  blocks.find((block) => block.includes(text)),
);

/** Runs a code block that imports these modules, and returns its exports. */
function evaluate(block: string | undefined, modules: Readonly<Record<string, unknown>>): unknown {
  const { code } = transformSync(block as string, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  const load = (name: string) => modules[name] ?? require(name);
  new Function('exports', 'require', code)(exported, load);
  return exported;
}

evaluate(suite, {
  '@clew/testing': testing,
  tinysdk: toySdk(),
  './tinysdk-instrumentation.ts': evaluate(definition, { '@clew/core/plugin': plugin }),
});
