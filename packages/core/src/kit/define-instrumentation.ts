import { type Context, diag, type Meter, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import {
  type Instrumentation,
  InstrumentationBase,
  type InstrumentationConfig,
  type InstrumentationNodeModuleDefinition,
} from '@opentelemetry/instrumentation';
import { watchBundled } from './bundled-modules.ts';
import { createTools, type PluginState, type Writable } from './create-tools.ts';
import { guard } from './failures.ts';
import { expectNoPackage, handlerHook } from './handler-hook.ts';
import { moduleHook, pathOf } from './module-hook.ts';
import { claim, release } from './one-per-process.ts';
import { type OptionKinds, type OptionsOf, resolveOptions } from './options.ts';
import { globalMeter, realMeter } from './real-meter.ts';
import {
  type HandlerTarget,
  isHandlerTarget,
  isModuleTarget,
  type ModuleTarget,
  ownExports,
  type Target,
  type Tools,
} from './target.ts';
import { UndoList } from './undo-list.ts';
import { followReplacements } from './wrap.ts';

/** The parts of a plugin. */
export interface InstrumentationDefinition<K extends OptionKinds> {
  /** The package's name; also the instrumentation scope of its spans. */
  readonly name: string;
  readonly version: string;
  readonly options: K;
  readonly targets: readonly Target<OptionsOf<K>>[];
}

/** The options as a user passes them: all optional. */
export type GivenOptions<K extends OptionKinds> = InstrumentationConfig & {
  readonly [Name in keyof OptionsOf<K>]?: OptionsOf<K>[Name] | undefined;
};

/** An OpenTelemetry instrumentation that can also patch given exports. */
export interface ClewInstrumentation<K extends OptionKinds> extends Instrumentation<GivenOptions<K>> {
  /**
   * Patches the given exports of a module, for bundled applications and tests. `module` names the target if the plugin
   * has several (default: the first), and `file` a file inside the package. Throws a TypeError for an unknown target.
   */
  instrument(moduleExports: unknown, module?: string, file?: string): void;
  /**
   * Passes a message of a channel to this plugin's listener: for the message that caused the plugin to be loaded. For a
   * tracing channel, returns the context in which the call has to run.
   */
  receive(channel: string, message: unknown): Context | undefined;
}

/** The class that `defineInstrumentation` returns. */
export interface InstrumentationClass<K extends OptionKinds> {
  new (options?: GivenOptions<K>): ClewInstrumentation<K>;
  readonly definition: InstrumentationDefinition<K>;
}

/**
 * Creates the class of a plugin. It extends OpenTelemetry's `InstrumentationBase`: instances work in
 * `registerInstrumentations()` of any OpenTelemetry setup and in `init()`.
 *
 * @example
 * export const KoaInstrumentation = defineInstrumentation({
 *   name: '@clew/instrumentation-koa', version, options: {}, targets: [{ module: 'koa', versions: ['>=2 <4'], patch }],
 * });
 */
export function defineInstrumentation<K extends OptionKinds>(
  definition: InstrumentationDefinition<K>,
): InstrumentationClass<K> {
  const modules = definition.targets.filter(isModuleTarget);
  const handlers = definition.targets.filter(isHandlerTarget);

  return class extends InstrumentationBase<GivenOptions<K>> implements ClewInstrumentation<K> {
    static readonly definition = definition;
    // `init` and `enable` run inside the base constructor, before any field initialiser: hence `declare`.
    declare state: PluginState<OptionsOf<K>>;
    declare tools: Writable<Tools<OptionsOf<K>>>;
    declare resolved: OptionsOf<K>;
    declare givenMeter: Meter | undefined;

    constructor(options: GivenOptions<K> = {}) {
      super(definition.name, definition.version, options);
    }

    override setConfig(config: GivenOptions<K> = {}): void {
      this.resolved = resolveOptions(definition.name, definition.options, config);
      super.setConfig(config);
      if (this.tools !== undefined) this.tools.options = this.resolved;
    }

    override setTracerProvider(provider: TracerProvider): void {
      super.setTracerProvider(provider);
      this.tools.tracer = this.tracer;
    }

    override setMeterProvider(provider: MeterProvider): void {
      super.setMeterProvider(provider);
      this.givenMeter = realMeter(this.meter);
    }

    protected override init(): InstrumentationNodeModuleDefinition[] {
      this.state ??= {
        undo: new UndoList(),
        patched: new WeakSet(),
        seen: new Map(),
        namespaces: new Set(),
        listeners: new Map(),
        traced: new Map(),
      };
      const meter = globalMeter(definition.name, definition.version);
      const meterNow = () => this.givenMeter ?? meter();
      this.tools ??= createTools(definition.name, this.state, this.resolved, this.tracer, meterNow);
      if (handlers.length > 0) expectNoPackage(this);
      const patches = (target: ModuleTarget<OptionsOf<K>> | HandlerTarget<OptionsOf<K>>) =>
        [(moduleExports: unknown) => this.patch(target, moduleExports), () => this.isEnabled()] as const;
      return [
        ...modules.map((target) => moduleHook(target, ...patches(target))),
        ...handlers.flatMap((target) => handlerHook(target.handler, ...patches(target))),
      ];
    }

    override enable(): void {
      if (this.isEnabled() || !claimFor(definition.name, this)) return;
      super.enable();
      for (const target of modules)
        this.state.undo.add(watchBundled(target, (moduleExports) => this.patch(target, moduleExports)));
      for (const target of definition.targets) {
        if ('channel' in target)
          guard(`${definition.name} on ${target.channel}`, () => target.watch(this.tools));
      }
      for (const [target, copies] of this.state.seen) {
        for (const own of copies.keys()) this.patch(target, own);
      }
    }

    override disable(): void {
      super.disable();
      for (const undo of this.state.undo.takeAll()) guard(`${definition.name} undoing`, undo);
      this.state.patched = new WeakSet();
      for (const copies of this.state.seen.values()) {
        for (const own of copies.keys()) copies.set(own, false);
      }
      this.follow();
      release(definition.name, this);
    }

    instrument(moduleExports: unknown, module = modules[0]?.module, file?: string): void {
      const target =
        modules.find((each) => each.module === module && (file === undefined || each.file === file)) ??
        (module === undefined ? handlers[0] : undefined);
      if (target === undefined) {
        const known = modules.map(pathOf).join(', ') || 'none';
        const wanted = file === undefined ? (module ?? '') : `${module}/${file}`;
        throw new TypeError(`${definition.name}: no target ${wanted}; the targets are ${known}`);
      }
      if (!claimFor(definition.name, this)) return;
      this.patch(target, moduleExports);
    }

    receive(channel: string, message: unknown): Context | undefined {
      this.state.listeners.get(channel)?.(message);
      return this.state.traced.get(channel)?.enter(message);
    }

    patch(target: ModuleTarget<OptionsOf<K>> | HandlerTarget<OptionsOf<K>>, moduleExports: unknown): void {
      const isModule = isModuleTarget(target);
      guard(`${definition.name} on ${isModule ? target.module : target.handler.name}`, () => {
        const own = isModule ? ownExports(moduleExports) : moduleExports;
        const copies = this.state.seen.get(target) ?? new Map<unknown, boolean>();
        this.state.seen.set(target, copies);
        if (own !== moduleExports) this.state.namespaces.add(moduleExports as object);
        // A CommonJS module arrives once by itself and once as the default export of an ES module.
        if (copies.get(own) !== true) {
          copies.set(own, true);
          target.patch(own, this.tools);
        }
        this.follow();
      });
    }

    follow(): void {
      for (const namespace of this.state.namespaces) {
        guard(`${definition.name}: named exports`, () =>
          followReplacements(namespace, ownExports(namespace)),
        );
      }
    }
  };
}

function claimFor(name: string, instance: { disable(): void }): boolean {
  if (claim(name, instance, () => instance.disable())) return true;
  diag.warn(`${name} is in use already; this second instance (or copy of the package) does nothing`);
  return false;
}
