import type { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { type Context, type ContextManager, context } from '@opentelemetry/api';
import { currentContext, type Operation } from '../operation.ts';
import { guard } from './failures.ts';

/** How the events of a tracing channel become spans: the library's own object goes through all events of one call. */
export interface ChannelView<Message extends object> {
  /** Starts the span of a call; `undefined` leaves the call untraced. */
  start(message: Message): Operation | undefined;
  /** Describes the outcome, when the call is over and before its span ends: the library has added it to the message. */
  finish?(operation: Operation, message: Message): void;
  /**
   * Whether the call is over when its function has returned. Default: it has a `result` or an `error`, as Node's
   * `traceSync` sets them. All other calls are over at `asyncStart`.
   */
  isOver?(message: Message): boolean;
}

/** A tracing channel that is listened to. */
export interface TracedChannel {
  /** Starts the span of a call and returns the context to run the call in. */
  enter(message: unknown): Context | undefined;
  undo(): void;
}

interface Call {
  readonly operation: Operation;
  readonly caller: Context;
}

/** Node runs the traced function inside the store; the callback of a call runs in the context of its caller. */
interface StoreLike {
  run<T>(current: Context | undefined, fn: () => T): T;
  /** Used in place of `run` from Node 26 on. */
  withScope(current: Context | undefined): Disposable;
}

type TracingEvent = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

/**
 * Listens to a tracing channel: sync functions, promises and callbacks, published by Node's `TracingChannel` or by
 * hand. `place` names the plugin in the report of a failure.
 * Source: https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export function traceChannel<Message extends object>(
  name: string,
  view: ChannelView<Message>,
  place: string,
): TracedChannel {
  const calls = new WeakMap<object, Call>();

  const enter = (message: unknown): Context | undefined => {
    const known = calls.get(message as Message);
    if (known !== undefined) return known.operation.context;
    const caller = currentContext();
    const operation = guard(place, () => view.start(message as Message));
    if (operation === undefined) return undefined;
    calls.set(message as Message, { operation, caller });
    return operation.context;
  };
  const finish = (message: unknown): void => {
    const operation = calls.get(message as Message)?.operation;
    if (operation === undefined || operation.ended) return;
    if (operation.recording) guard(place, () => view.finish?.(operation, message as Message));
    operation.end();
  };
  const isOver = view.isOver ?? ((message: Message) => 'result' in message || 'error' in message);

  const listeners: Record<TracingEvent, (message: unknown) => void> = {
    // Has started the call before, unless the library publishes without running its function in the stores.
    start: enter,
    end: (message) => {
      if (guard(place, () => isOver(message as Message)) === true) finish(message);
    },
    error: (message) => {
      calls.get(message as Message)?.operation.fail((message as { error?: unknown }).error);
    },
    asyncStart: finish,
    asyncEnd: finish,
  };
  const store = newStore();
  const callerOf = (message: unknown) => calls.get(message as Message)?.caller;
  channelOf(name, 'start').bindStore(store, enter);
  channelOf(name, 'asyncStart').bindStore(store, callerOf);
  for (const [event, listener] of Object.entries(listeners))
    diagnostics.subscribe(nameOf(name, event as TracingEvent), listener);

  return {
    enter,
    undo() {
      channelOf(name, 'start').unbindStore(store);
      channelOf(name, 'asyncStart').unbindStore(store);
      for (const [event, listener] of Object.entries(listeners))
        diagnostics.unsubscribe(nameOf(name, event as TracingEvent), listener);
    },
  };
}

/** Calls `onFirst` with the first call on a tracing channel, and runs that call in the context that it returns. */
export function onFirstCall(name: string, onFirst: (message: unknown) => Context | undefined): () => void {
  const store = newStore();
  const stop = () => channelOf(name, 'start').unbindStore(store);
  channelOf(name, 'start').bindStore(store, (message) => {
    stop();
    return onFirst(message);
  });
  return stop;
}

interface BindableChannel {
  bindStore(store: StoreLike, transform: (message: unknown) => Context | undefined): void;
  unbindStore(store: StoreLike): boolean;
}

function channelOf(name: string, event: TracingEvent): BindableChannel {
  return diagnostics.channel(nameOf(name, event)) as unknown as BindableChannel;
}

function nameOf(name: string, event: TracingEvent): string {
  return `tracing:${name}:${event}`;
}

/** A store of its own for each listener: a channel has one transformation a store. */
function newStore(): StoreLike {
  return {
    run: (current, fn) => (current === undefined ? fn() : context.with(current, fn)),
    withScope: (current) => (current === undefined ? NO_SCOPE : scopeOf(current)),
  };
}

const NO_SCOPE: Disposable = { [Symbol.dispose]() {} };
/** Where the OpenTelemetry API keeps the context manager. */
const API = Symbol.for('opentelemetry.js.api.1');

/** What context managers have besides the API's: ours `attach`, OpenTelemetry's a storage. */
interface ScopedManager extends ContextManager {
  attach?(current: Context): { dispose(): void };
  readonly _asyncLocalStorage?: AsyncLocalStorage<Context> & { withScope?(current: Context): Disposable };
}

function scopeOf(current: Context): Disposable {
  const manager = (globalThis as { [API]?: { context?: ScopedManager } })[API]?.context;
  const attached = manager?.attach?.(current);
  if (attached !== undefined) return { [Symbol.dispose]: () => attached.dispose() };
  return manager?._asyncLocalStorage?.withScope?.(current) ?? NO_SCOPE;
}
