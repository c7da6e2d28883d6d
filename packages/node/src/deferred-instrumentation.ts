import diagnostics from 'node:diagnostics_channel';
import {
  expectNoPackage,
  handlerHook,
  moduleHook,
  type OptionKinds,
  onFirstCall,
  watchBundled,
} from '@clew/core/internal';
import type { ClewInstrumentation } from '@clew/core/plugin';
import { type Context, diag } from '@opentelemetry/api';
import {
  type Instrumentation,
  InstrumentationBase,
  type InstrumentationNodeModuleDefinition,
} from '@opentelemetry/instrumentation';
import { isLoadedBuiltin, loadsBuiltinsFirst } from './bundle.ts';
import { classOf, reportUnusable } from './plugin-class.ts';
import type { InstalledPlugin, StatedTarget } from './plugin-manifest.ts';
import { selfReport } from './self-report.ts';

type StatedModule = Extract<StatedTarget, { module: string }>;
type StatedHandler = Extract<StatedTarget, { handler: unknown }>;
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
  const handlers = plugin.targets.filter((target) => 'handler' in target);
  const channels = plugin.targets.filter((target) => 'channel' in target);
  const lazy = lazyPlugin(() => load(plugin, optionsFor, channels.length > 0));
  const reportTraced = (by: 'patch' | 'channel', target: string) =>
    selfReport(() => ({ kind: 'traced', plugin: plugin.name, by, target }));
  const stopListening = listenOnce(channels, (channel, message) => {
    const context = lazy.get()?.receive(channel, message);
    reportTraced('channel', channel);
    return context;
  });
  const patch = (target: StatedModule | StatedHandler, moduleExports: unknown) => {
    stopListening();
    const [module, file] = 'module' in target ? [target.aliasOf ?? target.module, target.file] : [];
    try {
      const loaded = lazy.get();
      loaded?.instrument(moduleExports, module, file);
      if (loaded !== undefined && module !== undefined) reportTraced('patch', module);
    } catch (fault) {
      const what = module === undefined ? 'the handler' : `${module}${file === undefined ? '' : `/${file}`}`;
      diag.error(`${plugin.name} could not patch ${what}`, fault);
    }
  };

  let stops: (() => void)[] = [];

  /** A placeholder for the plugin that uses the module hooks of OpenTelemetry's base class. */
  class Deferred extends InstrumentationBase {
    protected override init(): InstrumentationNodeModuleDefinition[] {
      if (handlers.length > 0) expectNoPackage(this);
      const patches = (target: StatedModule | StatedHandler) =>
        [(moduleExports: unknown) => patch(target, moduleExports), () => this.isEnabled()] as const;
      return [
        ...modules.map((target) => moduleHook(target, ...patches(target))),
        ...handlers.flatMap((target) => handlerHook(target.handler, ...patches(target))),
      ];
    }

    override enable(): void {
      if (this.isEnabled()) return;
      super.enable();
      stops = modules.map((target) => watchBundled(target, (moduleExports) => patch(target, moduleExports)));
    }

    override disable(): void {
      super.disable();
      for (const stop of stops.splice(0)) stop();
      stopListening();
      lazy.loaded?.disable();
    }
  }
  try {
    const deferred = new Deferred(plugin.name, '', {});
    if (moment === 'while it runs' || loadsBuiltinsFirst()) {
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
