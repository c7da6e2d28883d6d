import { isBuiltin } from 'node:module';
import type { ClewInstrumentation, OptionKinds } from '@clew/core';
import { diag } from '@opentelemetry/api';
import {
  type Instrumentation,
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import type { InstalledPlugin, StatedTarget } from './discovery.ts';
import { classOf, sayUnusable } from './plugin-class.ts';

type StatedModule = Extract<StatedTarget, { module: string }>;

/** Makes the options of a plugin once its class, which knows them, is loaded. */
export type OptionsFor = (plugin: InstalledPlugin, kinds: OptionKinds) => Readonly<Record<string, unknown>>;

/**
 * Starts a plugin: one that patches modules is loaded when the first of them is, one that listens to channels now.
 */
export function startPlugin(plugin: InstalledPlugin, optionsFor: OptionsFor): Instrumentation | undefined {
  const modules = plugin.targets.filter((target) => 'module' in target);
  if (modules.length < plugin.targets.length) return load(plugin, optionsFor, true);
  return defer(plugin, modules, () => load(plugin, optionsFor, false));
}

/** Stands in for a plugin; the hooks are those of OpenTelemetry's base class. */
function defer(
  plugin: InstalledPlugin,
  modules: readonly StatedModule[],
  loadPlugin: () => ClewInstrumentation<OptionKinds> | undefined,
): Instrumentation {
  let loaded: ClewInstrumentation<OptionKinds> | undefined;
  let tried = false;
  const patch = (module: string) => (moduleExports: unknown) => {
    if (!tried) loaded = loadPlugin();
    tried = true;
    try {
      loaded?.instrument(moduleExports, module);
    } catch (fault) {
      diag.error(`${plugin.name} could not patch ${module}`, fault);
    }
    return moduleExports;
  };

  class Deferred extends InstrumentationBase {
    protected override init(): InstrumentationNodeModuleDefinition[] {
      return modules.map((target) => hookOn(target, patch(target.module)));
    }

    override disable(): void {
      super.disable();
      loaded?.disable();
    }
  }
  const deferred = new Deferred(plugin.name, '', {});
  for (const { module } of modules)
    if (isLoadedBuiltin(module)) patch(module)(process.getBuiltinModule(module));
  return deferred;
}

/** No hook tells of Node's own module that was loaded before us; it is one object for all, and can be patched now. */
function isLoadedBuiltin(module: string): boolean {
  if (!isBuiltin(module)) return false;
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module}`) ?? true;
}

function hookOn(
  { module, versions = ['*'], file }: StatedModule,
  patch: (moduleExports: unknown) => unknown,
): InstrumentationNodeModuleDefinition {
  if (file === undefined) return new InstrumentationNodeModuleDefinition(module, [...versions], patch);
  const hooked = new InstrumentationNodeModuleFile(`${module}/${file}`, [...versions], patch, () => {});
  return new InstrumentationNodeModuleDefinition(module, [...versions], undefined, undefined, [hooked]);
}

function load(
  plugin: InstalledPlugin,
  optionsFor: OptionsFor,
  enabled: boolean,
): ClewInstrumentation<OptionKinds> | undefined {
  const Plugin = classOf(plugin);
  if (Plugin === undefined) return undefined;
  try {
    return new Plugin({ ...optionsFor(plugin, Plugin.definition.options), enabled });
  } catch (fault) {
    sayUnusable(plugin, fault);
    return undefined;
  }
}
