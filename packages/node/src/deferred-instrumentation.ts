import diagnostics from 'node:diagnostics_channel';
import { isBuiltin } from 'node:module';
import { moduleHook, type OptionKinds, onFirstCall } from '@clew/core/internal';
import type { ClewInstrumentation } from '@clew/core/plugin';
import { type Context, diag } from '@opentelemetry/api';
import {
  type Instrumentation,
  InstrumentationBase,
  type InstrumentationNodeModuleDefinition,
} from '@opentelemetry/instrumentation';
import { classOf, reportUnusable } from './plugin-class.ts';
import type { InstalledPlugin, StatedTarget } from './plugin-manifest.ts';

type StatedModule = Extract<StatedTarget, { module: string }>;
type StatedChannel = Extract<StatedTarget, { channel: string }>;

/** Resolves a plugin's options once its class, which defines them, has been loaded. */
export type OptionsFor = (plugin: InstalledPlugin, kinds: OptionKinds) => Readonly<Record<string, unknown>>;

/** Whether the application is already running, and may have loaded modules that plugins patch. */
export type Moment = 'before the application' | 'while it runs';

/**
 * Starts a plugin whose code is loaded lazily: when one of its modules is loaded, or with the first message of one
 * of its channels. Throws if the host does not allow hooks.
 */
export function startPlugin(
  plugin: InstalledPlugin,
  optionsFor: OptionsFor,
  moment: Moment,
): Instrumentation {
  const modules = plugin.targets.filter((target) => 'module' in target);
  const channels = plugin.targets.filter((target) => 'channel' in target);
  const lazy = lazyPlugin(() => load(plugin, optionsFor, channels.length > 0));
  const stopListening = listenOnce(channels, (channel, message) => lazy.get()?.receive(channel, message));
  const patch = ({ module, file, aliasOf }: StatedModule, moduleExports: unknown) => {
    stopListening();
    try {
      lazy.get()?.instrument(moduleExports, aliasOf ?? module, file);
    } catch (fault) {
      diag.error(`${plugin.name} could not patch ${module}${file === undefined ? '' : `/${file}`}`, fault);
    }
  };

  /** A placeholder for the plugin that uses the module hooks of OpenTelemetry's base class. */
  class Deferred extends InstrumentationBase {
    protected override init(): InstrumentationNodeModuleDefinition[] {
      return modules.map((target) =>
        moduleHook(
          target,
          (moduleExports) => patch(target, moduleExports),
          () => this.isEnabled(),
        ),
      );
    }

    override disable(): void {
      super.disable();
      stopListening();
      lazy.loaded?.disable();
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

/** Loads the plugin at the first call of `get`, once even if that fails. */
function lazyPlugin(loadPlugin: () => Plugin | undefined) {
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

/** Passes on the first message of any channel, then unsubscribes: the loaded plugin subscribes itself. */
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

/**
 * Module hooks do not report a built-in module that was loaded earlier; it is a singleton and can be patched now.
 */
function isLoadedBuiltin(module: string): boolean {
  if (!isBuiltin(module)) return false;
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList?.includes(`NativeModule ${module}`) ?? true;
}

function load(plugin: InstalledPlugin, optionsFor: OptionsFor, enabled: boolean): Plugin | undefined {
  const PluginClass = classOf(plugin);
  if (PluginClass === undefined) return undefined;
  try {
    return new PluginClass({ ...optionsFor(plugin, PluginClass.definition.options), enabled });
  } catch (fault) {
    reportUnusable(plugin, fault);
    return undefined;
  }
}
