import module, { createRequire, isBuiltin, type ResolveFnOutput } from 'node:module';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';

type Hooks = typeof import('import-in-the-middle/register-hooks.mjs');

let registered = false;

/**
 * Hooks ES modules, synchronously and on the program's own thread; CommonJS is hooked by the instrumentations.
 * Only the targets' modules are touched.
 */
export function hookModules(modules: readonly string[]): void {
  const include = [...new Set(modules)];
  if (registered || include.length === 0) return;
  const hooks = loadHooks();
  if (hooks === undefined) return;
  if (!hooks.supportsSyncHooks()) {
    diag.warn(
      `@clew/node: Node.js ${process.versions.node} can't hook ES modules; CommonJS is traced, ` +
        'ES modules from 22.22.3, 24.11.1 or 26 on',
    );
    return;
  }
  registered = true;
  hooks.register({ include });
  // Not by name: an older Node has no such export, and would not start the program at all.
  module.registerHooks({
    resolve: (specifier, context, nextResolve) =>
      (context.parentURL === undefined && withoutFile(specifier)) || nextResolve(specifier, context),
  });
}

/** Loaded here and not imported: in a bundle it would look for its own files, and end the program. */
function loadHooks(): Hooks | undefined {
  try {
    return createRequire(import.meta.url)('import-in-the-middle/register-hooks.mjs') as Hooks;
  } catch (fault) {
    diag.info('@clew/node: ES modules are not hooked, as in a bundled program', fault);
    return undefined;
  }
}

/**
 * What has neither a parent nor a file: a worker that is started from a `data:` URL, and Node's own modules in
 * `node -e`. import-in-the-middle takes whatever has no parent for the program's main file.
 */
function withoutFile(specifier: string): ResolveFnOutput | undefined {
  if (specifier.startsWith('data:text/javascript')) {
    return { url: specifier, format: 'module', shortCircuit: true };
  }
  if (!isBuiltin(specifier)) return undefined;
  const url = specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  return { url, format: 'builtin', shortCircuit: true };
}

/** The modules that an instrumentation of anybody's waits for: OpenTelemetry's base class keeps them so. */
export function modulesHookedBy(instrumentation: Instrumentation): string[] {
  const definitions: unknown = Reflect.get(instrumentation, '_modules');
  if (!Array.isArray(definitions)) return [];
  return definitions.map((each: { name?: unknown }) => each?.name).filter((name) => typeof name === 'string');
}
