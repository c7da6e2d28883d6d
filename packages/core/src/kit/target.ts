import type { Meter, Tracer } from '@opentelemetry/api';
import type { Operation } from '../operation.ts';
import type { HandlerVariables } from './handler-file.ts';
import type { ChannelOperation, ChannelView } from './tracing-channel.ts';
import type { AnyFunction } from './wrap.ts';

/** The tools of a target's `patch` and `watch`. `disable()` undoes everything done with them. */
export interface Tools<Options> {
  /** The instrumentation's name, as in its spans' scope. */
  readonly name: string;
  /** The current options, with defaults filled in. */
  readonly options: Options;
  /** The tracer of the current provider. */
  readonly tracer: Tracer;
  /**
   * The meter of the MeterProvider that was passed to `setMeterProvider`, otherwise of the global one, whenever that was
   * set; `undefined` without a MeterProvider.
   */
  readonly meter: Meter | undefined;
  /** Replaces `object[name]` by what `make` returns; keeps name, length and properties of the original. */
  wrap<F extends AnyFunction>(object: object, name: PropertyKey, make: (original: F) => F): void;
  /**
   * Calls `patch` once for an object, and once more after each `disable()`: for a class or prototype that can only be
   * reached through its instances.
   */
  once(object: object, patch: () => void): void;
  /** Listens to a diagnostics channel; a second listener for the same channel is not added. */
  subscribe(channel: string, onMessage: (message: unknown) => void): void;
  /** Starts a span for each call that a tracing channel publishes; a second view of the same channel is not added. */
  traceChannel<Message extends object, Traced extends ChannelOperation = Operation>(
    name: string,
    view: ChannelView<Message, Traced>,
  ): void;
  /** Registers how to undo a change made without `wrap` or `subscribe`, such as a property with accessors. */
  onDisable(undo: () => void): void;
  /** Calls a user's hook, if there is one, and returns its result; what it throws is logged once and not rethrown. */
  callHook<Args extends readonly unknown[], Result>(
    hook: ((...args: Args) => Result) | undefined,
    ...args: Args
  ): Result | undefined;
}

/** A module that is patched when it is loaded. */
export interface ModuleTarget<Options> {
  /** The name as in `require(module)`; a core module without `node:`. */
  readonly module: string;
  /** Semantic version ranges, one of which must match. Ignored for core modules. */
  readonly versions: readonly string[];
  /** A file inside the package, such as `lib/router.js`. Default: the main module. */
  readonly file?: string;
  /** Patches the exports in place. Called once for each copy of the module that is loaded. */
  patch(moduleExports: unknown, tools: Tools<Options>): void;
}

/** The function of an application that a platform calls, such as that of AWS Lambda. */
export interface HandlerTarget<Options> {
  /** The environment variables that name the function. Without them, there is nothing to patch. */
  readonly handler: HandlerVariables;
  /** Patches the exports of the file in place. The exports of an ES module are replaced by assignment. */
  patch(moduleExports: unknown, tools: Tools<Options>): void;
}

/** A diagnostics channel that the plugin subscribes to in `enable()`. */
export interface ChannelTarget<Options> {
  readonly channel: string;
  /** Whether `channel` names a tracing channel, which `watch` passes to `traceChannel`. */
  readonly tracing?: true;
  watch(tools: Tools<Options>): void;
}

/** A module or a function of the application to patch, or a channel to subscribe to. */
export type Target<Options> = ModuleTarget<Options> | HandlerTarget<Options> | ChannelTarget<Options>;

export function isModuleTarget<Options>(target: Target<Options>): target is ModuleTarget<Options> {
  return 'module' in target;
}

export function isHandlerTarget<Options>(target: Target<Options>): target is HandlerTarget<Options> {
  return 'handler' in target;
}

/**
 * The exports that an application uses: the CommonJS module inside an ES-module namespace that only wraps it, else
 * `moduleExports` itself.
 */
export function ownExports(moduleExports: unknown): unknown {
  if (typeof moduleExports !== 'object' || moduleExports === null) return moduleExports;
  const fallback: unknown = Reflect.get(moduleExports, 'default');
  return isNamespace(moduleExports) && fallback != null ? fallback : moduleExports;
}

function isNamespace(value: object): boolean {
  return Reflect.get(value, Symbol.toStringTag) === 'Module' || 'module.exports' in value;
}
