import { registerHooks } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { register, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';

let registered = false;

/**
 * Hooks ES modules, synchronously and on the program's own thread; CommonJS is hooked by the instrumentations.
 * Only the targets' modules are touched.
 */
export function hookModules(modules: readonly string[]): void {
  const include = [...new Set(modules)];
  if (registered || include.length === 0) return;
  if (!supportsSyncHooks()) {
    diag.warn(
      `@clew/node: Node.js ${process.versions.node} can't hook ES modules; CommonJS is traced, ` +
        'ES modules from 22.22.3, 24.11.1 or 26 on',
    );
    return;
  }
  registered = true;
  register({ include });
  // A worker that is started from a `data:` URL has no file: import-in-the-middle would look for one.
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier.startsWith('data:text/javascript') && context.parentURL === undefined
        ? { url: specifier, format: 'module', shortCircuit: true }
        : nextResolve(specifier, context),
  });
}

/** The modules that an instrumentation of anybody's waits for: OpenTelemetry's base class keeps them so. */
export function modulesHookedBy(instrumentation: Instrumentation): string[] {
  const definitions: unknown = Reflect.get(instrumentation, '_modules');
  if (!Array.isArray(definitions)) return [];
  return definitions.map((each: { name?: unknown }) => each?.name).filter((name) => typeof name === 'string');
}
