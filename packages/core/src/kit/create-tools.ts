import diagnostics from 'node:diagnostics_channel';
import type { Meter, Tracer } from '@opentelemetry/api';
import { guard, reportFailure } from './failures.ts';
import { isPromise } from './is-promise.ts';
import type { HandlerTarget, ModuleTarget, Tools } from './target.ts';
import { type TracedChannel, traceChannel } from './tracing-channel.ts';
import type { UndoList } from './undo-list.ts';
import { type AnyFunction, replace } from './wrap.ts';

/** `options` and `tracer` are plain properties, not getters, because they are read for every request. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a plugin has patched and subscribed to. */
export interface PluginState<Options> {
  readonly undo: UndoList;
  /** Passed to `tools.once` since the last `disable()`. */
  patched: WeakSet<object>;
  /** Every copy of a module that was loaded or passed to `instrument`, and whether it is patched now. */
  readonly seen: Map<ModuleTarget<Options> | HandlerTarget<Options>, Map<unknown, boolean>>;
  /** ES modules that wrap a patched CommonJS module: their named exports are separate values. */
  readonly namespaces: Set<object>;
  readonly listeners: Map<string, (message: unknown) => void>;
  readonly traced: Map<string, TracedChannel>;
}

/** Creates the tools of a plugin, whose `options` and `tracer` the plugin updates. `meterNow` returns its meter. */
export function createTools<Options>(
  name: string,
  state: PluginState<Options>,
  options: Options,
  tracer: Tracer,
  meterNow: () => Meter | undefined,
): Writable<Tools<Options>> {
  const { undo, listeners, traced } = state;
  const tools: Writable<Omit<Tools<Options>, 'meter'>> = {
    name,
    options,
    tracer,
    wrap(object, key, make) {
      const undone = replace(object, key, name, make as unknown as (original: AnyFunction) => AnyFunction);
      if (undone) undo.addFor(object, undone);
    },
    once(object, patch) {
      if (state.patched.has(object)) return;
      state.patched.add(object);
      patch();
    },
    subscribe(channel, onMessage) {
      // Two copies of a module publish to the same channels.
      if (listeners.has(channel)) return;
      const listener = (message: unknown) => {
        try {
          onMessage(message);
        } catch (fault) {
          reportFailure(`${name} on ${channel}`, fault);
        }
      };
      listeners.set(channel, listener);
      diagnostics.subscribe(channel, listener);
      undo.add(() => {
        diagnostics.unsubscribe(channel, listener);
        listeners.delete(channel);
      });
    },
    traceChannel(channel, view) {
      if (traced.has(channel)) return;
      const tracedChannel = traceChannel(channel, view, `${name} on ${channel}`);
      traced.set(channel, tracedChannel);
      undo.add(() => {
        tracedChannel.undo();
        traced.delete(channel);
      });
    },
    onDisable(undoing) {
      undo.add(undoing);
    },
    callHook(hook, ...args) {
      if (hook === undefined) return undefined;
      const activity = `a hook of ${name}`;
      const result = guard(activity, () => hook(...args));
      // The rejection of an async hook would otherwise end the process.
      if (isPromise(result)) result.then(undefined, (fault: unknown) => reportFailure(activity, fault));
      return result;
    },
  };
  // Defined afterwards, because V8 reads every property of an object slowly if a literal gives it a getter.
  Object.defineProperty(tools, 'meter', { get: meterNow, enumerable: true });
  return tools as Writable<Tools<Options>>;
}
