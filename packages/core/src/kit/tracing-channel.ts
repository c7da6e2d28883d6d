import type { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { type Context, type ContextManager, context } from '@opentelemetry/api';
import { currentContext, type Operation } from '../operation.ts';
import { guard } from './failures.ts';
import { privateField } from './private-field.ts';

/** The call of a traced function: an {@link Operation}, or a layer, which may have no span yet. */
export interface ChannelOperation {
  /** The context to run the function in; `undefined` leaves the current one. */
  readonly context: Context | undefined;
  readonly ended: boolean;
  /** Whether the span keeps attributes that are set now. */
  readonly recording: boolean;
  /** Whether `finish` is called; by default, if the span is recording. A metric may need the outcome without a span. */
  readonly isDescribed?: boolean;
  fail(error: unknown): void;
  end(): void;
}

/** Maps the events of a tracing channel to spans. The library publishes the same message object for all events of a call. */
export interface ChannelView<Message extends object, Traced extends ChannelOperation = Operation> {
  /** Starts the span of a call; `undefined` leaves the call untraced. Without `start`, no call has a span. */
  start?(message: Message): Traced | undefined;
  /** Describes the outcome, which the library has added to the message, before the span ends. */
  finish?(operation: Traced, message: Message): void;
  /**
   * Whether the call is over when its function has returned. Default: it has a `result` or an `error`, as Node's
   * `traceSync` sets them. All other calls are over at `asyncStart`.
   */
  isOver?(message: Message): boolean;
  /**
   * Whether the callback of an untraced call runs in the context of its caller: for a library that calls back from a
   * connection or a pool that several requests share. The callback of a traced call always does.
   */
  readonly restoreCaller?: boolean;
}

/** A tracing channel with a subscribed view. */
export interface TracedChannel {
  /** Starts the span of a call and returns the context to run the call in. */
  enter(message: unknown): Context | undefined;
  undo(): void;
}

interface Call<Traced> {
  readonly operation: Traced | undefined;
  readonly caller: Context;
}

/** Node runs the traced function inside the store, and the callback of a call in the context of its caller. */
interface StoreLike {
  run<T>(current: Context | undefined, fn: () => T): T;
  /** Used in activity of `run` from Node 26 on. */
  withScope(current: Context | undefined): Disposable;
}

type TracingEvent = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error';

/**
 * Subscribes to a tracing channel for sync functions, promises and callbacks, published by Node's `TracingChannel` or
 * by the library's own code. `activity` is a phrase that names the plugin and channel in the report of a failure.
 * Source: https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export function traceChannel<Message extends object, Traced extends ChannelOperation>(
  name: string,
  view: ChannelView<Message, Traced>,
  activity: string,
): TracedChannel {
  const calls = privateField<Call<Traced>>();
  /** The call that the store has just found to be untraced, until the event `start` follows. */
  let untraced: unknown;

  const enter = (message: unknown): Context | undefined => {
    const known = calls.get(message);
    if (known !== undefined) return known.operation?.context;
    const caller = currentContext();
    const operation = guard(activity, () => view.start?.(message as Message));
    if (operation === undefined && view.restoreCaller !== true) {
      untraced = message;
      return undefined;
    }
    calls.add(message, { operation, caller });
    return operation?.context;
  };
  const finish = (message: unknown): void => {
    const operation = calls.get(message)?.operation;
    if (operation === undefined || operation.ended) return;
    if (operation.isDescribed ?? operation.recording)
      guard(activity, () => view.finish?.(operation, message as Message));
    operation.end();
  };
  const isOver = view.isOver ?? ((message: Message) => 'result' in message || 'error' in message);

  const listeners: Record<TracingEvent, (message: unknown) => void> = {
    // The store has started the call already, unless the library publishes without running its function in stores.
    start: (message) => {
      if (message !== untraced) enter(message);
      untraced = undefined;
    },
    end: (message) => {
      if (guard(activity, () => isOver(message as Message)) === true) finish(message);
    },
    error: (message) => {
      calls.get(message)?.operation?.fail((message as { error?: unknown }).error);
    },
    asyncStart: finish,
    asyncEnd: finish,
  };
  const store = newStore();
  const callerOf = (message: unknown) => calls.get(message)?.caller;
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

/** Calls `onFirst` with the first message of a tracing channel, and runs that call in the context that it returns. */
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

/** Each subscription needs its own store, because a channel has one transformation for each store. */
function newStore(): StoreLike {
  return {
    run: (current, fn) => (current === undefined ? fn() : context.with(current, fn)),
    withScope: (current) => (current === undefined ? NO_SCOPE : scopeOf(current)),
  };
}

const NO_SCOPE: Disposable = { [Symbol.dispose]() {} };
/** Where the OpenTelemetry API keeps the context manager. */
const API = Symbol.for('opentelemetry.js.api.1');

/** Members of context managers beyond the API: those of this package have `attach`, OpenTelemetry's has a storage. */
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
