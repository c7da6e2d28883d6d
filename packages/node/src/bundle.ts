import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { URL } from 'node:url';
import { bundle, type OptionKinds } from '@clew/core/internal';
import type { ClewInstrumentation } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { modulesHookedBy } from './module-hooks.ts';
import { type InstalledPlugin, type StatedTarget, shortNameOf } from './plugin-manifest.ts';

/** The plugins that `@clew/bundler` has put into the application's bundle. */
export function bundledPlugins(): InstalledPlugin[] {
  return (bundle().plugins ?? []).map(({ name, class: className, targets, load }) => ({
    name,
    shortName: shortNameOf(name),
    folder: '',
    className,
    targets: targets as readonly StatedTarget[],
    load,
  }));
}

/**
 * Whether a built-in module may have been loaded before Clew starts, even at the start of the application: an ES module
 * and the output of some bundlers import all built-in modules first.
 */
export function loadsBuiltinsFirst(): boolean {
  return bundle().plugins !== undefined;
}

/** Patches the built-in modules that the given plugin traces. In a bundle, no module hook reports them. */
export function patchBuiltinsOfBundle(instrumentation: Instrumentation): void {
  if (!loadsBuiltinsFirst() || !isOfClew(instrumentation)) return;
  for (const module of new Set(modulesHookedBy(instrumentation)))
    if (isLoadedBuiltin(module)) instrumentation.instrument(process.getBuiltinModule(module), module);
}

/** Module hooks do not report a built-in module that was loaded earlier; it is a singleton and can be patched now. */
export function isLoadedBuiltin(module: string): boolean {
  if (!isBuiltin(module)) return false;
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module.replace(/^node:/, '')}`) ?? true;
}

/** Logs that the libraries in this bundle are not traced, if the bundle was made without `@clew/bundler`. */
export function warnAboutUnwiredBundle(hasInstances: boolean): void {
  const { plugins, modules } = bundle();
  if (plugins !== undefined || modules.length > 0 || !isInBundle()) return;
  const message =
    '@clew/node: the application is bundled without @clew/bundler: the libraries in the bundle are traced only if you ' +
    'pass them to a plugin’s instrument()';
  if (hasInstances) diag.info(message);
  else diag.warn(message);
}

/** Whether this code is in a bundle: its file does not belong to this package. */
function isInBundle(): boolean {
  if (!import.meta.url) return true;
  try {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return (JSON.parse(manifest) as { name?: unknown }).name !== '@clew/node';
  } catch {
    return true;
  }
}

function isOfClew(
  instrumentation: Instrumentation,
): instrumentation is ClewInstrumentation<OptionKinds> & Instrumentation {
  return 'instrument' in instrumentation;
}
