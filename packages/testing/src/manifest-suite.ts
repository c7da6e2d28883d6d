import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHandlerTarget, isModuleTarget, type OptionKinds } from '@clew/core/internal';
import type { Target } from '@clew/core/plugin';
import { runTests } from './suite.ts';

/** The part of a plugin's class that its package.json and README must match. */
interface PluginClass {
  readonly definition: {
    readonly name: string;
    readonly options: OptionKinds;
    readonly targets: readonly Target<never>[];
  };
}

interface Manifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly clew?: { readonly class?: unknown; readonly targets?: readonly ManifestTarget[] };
}

interface ManifestTarget {
  readonly module?: string;
  readonly versions?: readonly string[];
  readonly file?: string | undefined;
  readonly channel?: string;
  readonly tracing?: boolean;
  readonly handler?: { readonly folder: string; readonly name: string };
}

/**
 * Checks that a plugin's package matches its class: the field `clew` in package.json, which `@clew/node` reads before it
 * loads any code, names the class and its targets, and the README names every option.
 *
 * @example
 * manifestSuite(join(import.meta.dirname, '..'), { KoaInstrumentation });
 */
export function manifestSuite(folder: string, exported: Readonly<Record<string, PluginClass>>): void {
  const [[className, plugin] = [undefined, undefined]] = Object.entries(exported);
  assert(
    className !== undefined && plugin !== undefined,
    'expected the class with its name as the key: { KoaInstrumentation }',
  );
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { definition } = plugin;

  runTests(`the package ${definition.name}`, {
    'has the name of its instrumentation scope': () => assert.equal(manifest.name, definition.name),
    'names its class for discovery': () => assert.equal(manifest.clew?.class, className),
    'names exactly the targets of its class': () => {
      const stated = (manifest.clew?.targets ?? []).map(statedTarget).sort();
      const patched = definition.targets.map(definedTarget).sort();
      assert.deepEqual([...new Set(stated)], [...new Set(patched)]);
    },
    'has a README that names every option': () => {
      const readme = readFileSync(join(folder, 'README.md'), 'utf8');
      const missing = Object.keys(definition.options).filter((option) => !readme.includes(`\`${option}\``));
      assert.deepEqual(missing, []);
    },
  });
}

/** The versions of a core module are those of Node, and may be omitted. */
function statedTarget({
  module,
  versions = ['*'],
  file = '',
  channel,
  tracing = false,
  handler,
}: ManifestTarget): string {
  if (handler !== undefined) return `handler ${handler.folder} ${handler.name}`;
  const kind = tracing ? 'tracing channel' : 'channel';
  return module === undefined ? `${kind} ${channel}` : `module ${module}/${file} ${versions.join(' || ')}`;
}

function definedTarget(target: Target<never>): string {
  if (isHandlerTarget(target)) return statedTarget({ handler: target.handler });
  return isModuleTarget(target)
    ? statedTarget({ module: target.module, versions: target.versions, file: target.file })
    : statedTarget({ channel: target.channel, tracing: target.tracing === true });
}
