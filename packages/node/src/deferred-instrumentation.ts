import diagnostics from 'node:diagnostics_channel';
import { isBuiltin } from 'node:module';
import { type OptionKinds, onFirstCall } from '@clew/core/internal';
import type { ClewInstrumentation } from '@clew/core/plugin';
import { type Context, diag } from '@opentelemetry/api';
import {
  type Instrumentation,
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { classOf, sayUnusable } from './plugin-class.ts';
import type { InstalledPlugin, StatedTarget } from './plugin-manifest.ts';

type StatedModule = Extract<StatedTarget, { module: string }>;
type StatedChannel = Extract<StatedTarget, { channel: string }>;

/** Makes the options of a plugin once its class, which knows them, is loaded. */
export type OptionsFor = (plugin: InstalledPlugin, kinds: OptionKinds) => Readonly<Record<string, unknown>>;

/** Whether the program has begun to run, and may have loaded what plugins patch. */
export type Moment = 'before the program' | 'while it runs';

/**
 * Starts a plugin: its code is loaded when one of its modules is, or with the first message of one of its channels.
 * Throws what the host throws where it forbids hooks.
 */
export function startPlugin(
  plugin: InstalledPlugin,
  optionsFor: OptionsFor,
  moment: Moment,
): Instrumentation {
  const modules = plugin.targets.filter((target) => 'module' in target);
  const channels = plugin.targets.filter((target) => 'channel' in target);
  const late = lateLoaded(() => load(plugin, optionsFor, channels.length > 0));
  const stopListening = listenOnce(channels, (channel, message) => late.get()?.receive(channel, message));
  const patch = ({ module, file, aliasOf }: StatedModule, moduleExports: unknown) => {
    stopListening();
    try {
      late.get()?.instrument(moduleExports, aliasOf ?? module, file);
    } catch (fault) {
      diag.error(`${plugin.name} could not patch ${module}${file === undefined ? '' : `/${file}`}`, fault);
    }
    return moduleExports;
  };

  /** Stands in for the plugin; the hooks are those of OpenTelemetry's base class. */
  class Deferred extends InstrumentationBase {
    protected override init(): InstrumentationNodeModuleDefinition[] {
      return modules.map((target) => hookOn(target, (moduleExports) => patch(target, moduleExports)));
    }

    override disable(): void {
      super.disable();
      stopListening();
      late.loaded?.disable();
    }
  }
  try {
    const deferred = new Deferred(plugin.name, '', {});
    if (moment === 'while it runs') {
      for (const target of modules)
        if (isLoadedBuiltin(target.module)) patch(target, process.getBuiltinModule(target.module));
    }
    return deferred;
  } catch (fault) {
    stopListening();
    throw fault;
  }
}

type Plugin = ClewInstrumentation<OptionKinds>;

/** Loads once, at the first wish, also when that fails. */
function lateLoaded(loadPlugin: () => Plugin | undefined) {
  let tried = false;
  return {
    loaded: undefined as Plugin | undefined,
    get(): Plugin | undefined {
      if (!tried) {
        tried = true;
        this.loaded = loadPlugin();
      }
      return this.loaded;
    },
  };
}

/** Passes the first message of any of the channels on and stops: the plugin that it loads listens by itself. */
function listenOnce(
  channels: readonly StatedChannel[],
  onMessage: (channel: string, message: unknown) => Context | undefined,
): () => void {
  const stops = channels.map(({ channel, tracing }) => {
    const onFirst = (message: unknown) => {
      stop();
      return onMessage(channel, message);
    };
    if (tracing === true) return onFirstCall(channel, onFirst);
    diagnostics.subscribe(channel, onFirst);
    return () => diagnostics.unsubscribe(channel, onFirst);
  });
  const stop = () => {
    for (const stopOne of stops) stopOne();
  };
  return stop;
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

function load(plugin: InstalledPlugin, optionsFor: OptionsFor, enabled: boolean): Plugin | undefined {
  const PluginClass = classOf(plugin);
  if (PluginClass === undefined) return undefined;
  try {
    return new PluginClass({ ...optionsFor(plugin, PluginClass.definition.options), enabled });
  } catch (fault) {
    sayUnusable(plugin, fault);
    return undefined;
  }
}
