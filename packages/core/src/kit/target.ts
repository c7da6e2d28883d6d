import type { Span, Tracer } from '@opentelemetry/api';
import type { ChannelView } from './tracing-channel.ts';
import type { AnyFunction } from './wrap.ts';

/** What a target's `patch` and `watch` work with. Whatever they do here is undone by `disable()`. */
export interface Tools<Options> {
  /** The instrumentation's name, as in its spans' scope. */
  readonly name: string;
  /** The options as they are now, defaults filled in. */
  readonly options: Options;
  /** The tracer of the provider in force now. */
  readonly tracer: Tracer;
  /** Replaces `object[name]` by what `make` returns; keeps name, length and properties of the original. */
  wrap<F extends AnyFunction>(object: object, name: PropertyKey, make: (original: F) => F): void;
  /**
   * Calls `patch` at the first call for an object, and again after `disable()`: for a class or prototype that only its
   * instances lead to. Whatever `patch` registers is then registered once, not once for each instance.
   */
  once(object: object, patch: () => void): void;
  /** Listens to a diagnostics channel; a second listener for the same channel is not added. */
  subscribe(channel: string, onMessage: (message: unknown) => void): void;
  /** Makes spans of the calls that a tracing channel publishes; a second view of the same channel is not added. */
  traceChannel<Message extends object>(name: string, view: ChannelView<Message>): void;
  /** Says how to undo what `wrap` and `subscribe` cannot do: a property with accessors, a switch. */
  onDisable(undo: () => void): void;
  /** Calls a hook of the user's with a span; what it throws is said once and goes no further. */
  callHook<Info>(hook: ((span: Span, info: Info) => void) | undefined, span: Span, info: Info): void;
}

/** A module that is patched when it is loaded. */
export interface ModuleTarget<Options> {
  /** As in `require(module)`; a core module without `node:`. */
  readonly module: string;
  /** Semantic version ranges, one of which must hold. Not looked at for core modules. */
  readonly versions: readonly string[];
  /** A file inside the package, `lib/router.js`, when not the main module. */
  readonly file?: string;
  /** Patches the exports in place. Called once for each copy of the module that is loaded. */
  patch(moduleExports: unknown, tools: Tools<Options>): void;
}

/** A diagnostics channel that is listened to from the moment of `enable()`. */
export interface ChannelTarget<Options> {
  readonly channel: string;
  /** Whether `channel` names a tracing channel, which `watch` gives to `traceChannel`. */
  readonly tracing?: true;
  watch(tools: Tools<Options>): void;
}

/** What a plugin traces. */
export type Target<Options> = ModuleTarget<Options> | ChannelTarget<Options>;

export function isModuleTarget<Options>(target: Target<Options>): target is ModuleTarget<Options> {
  return 'module' in target;
}

/**
 * The exports that a program works with: an ES-module namespace that only carries a CommonJS module gives
 * that module, anything else is given back.
 */
export function ownExports(moduleExports: unknown): unknown {
  if (typeof moduleExports !== 'object' || moduleExports === null) return moduleExports;
  const fallback: unknown = Reflect.get(moduleExports, 'default');
  return isNamespace(moduleExports) && fallback != null ? fallback : moduleExports;
}

function isNamespace(value: object): boolean {
  return Reflect.get(value, Symbol.toStringTag) === 'Module' || 'module.exports' in value;
}
