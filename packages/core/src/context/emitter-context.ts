// Written for speed: this runs for every served request, most of them unsampled. Entering a context costs 200 ns, so it is
// skipped for an event without application listeners. The plain form of that check, `this.listenerCount(event) > 0`, and a
// second private field on every request cost 0.1 µs more.
import { EventEmitter } from 'node:events';
import { type Context, context } from '@opentelemetry/api';
import { privateField } from '../kit/private-field.ts';
import type { Tools } from '../kit/target.ts';
import { type AnyFunction, dress, replace } from '../kit/wrap.ts';
import { currentContext } from '../operation.ts';

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;

/** The contexts of emitters, and the listeners for their `close`, which few emitters have. */
const contexts = privateField<Context>();
const closeListeners = privateField<(() => void) | undefined>();

/** Marks an `emit` that runs listeners in the emitter's own context. */
const COVERED = Symbol('clew.covered');

/** A class whose `emit` is replaced, and the number of plugins that use it. */
interface CoveredClass {
  users: number;
  undo: (() => void) | undefined;
}

const coveredClasses = new WeakMap<object, CoveredClass>();
/** The number of emitters that have not emitted `close` yet. */
let awaitingClose = 0;
/** Classes that no plugin uses any more, kept until every emitter has emitted `close`. */
const idle = new Set<CoveredClass>();

/** Each copy of this package covers a class separately: a copy can't read the contexts that another copy sets. */
const OWNER = `emitter-context ${process.hrtime.bigint()}`;

/**
 * Sets the context in which an emitter's listeners run, whatever is current where the event is emitted. Works for
 * emitters that {@link emitInOwnContext} covers. A second call replaces the context. Adds no visible property.
 *
 * @example
 * setEmitterContext(response, callersContext);
 */
export function setEmitterContext(emitter: object, own: Context): void {
  contexts.set(emitter, own);
}

/** Like {@link setEmitterContext}, but faster for an emitter that has no context yet, and slow for one that has. */
export function addEmitterContext(emitter: object, own: Context): void {
  contexts.add(emitter, own);
}

/** The context that {@link setEmitterContext} set, or `undefined`. */
export function emitterContext(emitter: object): Context | undefined {
  return contexts.get(emitter);
}

/**
 * Calls `listener` once, before the emitter's own listeners, when it emits `close`. On an emitter that
 * {@link emitInOwnContext} covers, this adds no listener that would count towards `setMaxListeners`.
 */
export function onEmitterClose(emitter: EventEmitter, listener: () => void): void {
  if (!(COVERED in emitter.emit)) {
    emitter.once('close', listener);
    return;
  }
  closeListeners.add(emitter, listener);
  awaitingClose++;
}

/**
 * Makes the emitters of a class, given by its prototype, emit in the context that {@link setEmitterContext} sets for
 * each. An emitter without such a context emits as before. Replacing `emit` and not `on` also covers `pipe()`, iteration
 * and streams built on the emitter, and leaves the listeners unchanged. Several plugins may cover the same class.
 *
 * @example
 * emitInOwnContext(tools, IncomingMessage.prototype);
 */
export function emitInOwnContext(tools: Pick<Tools<never>, 'onDisable'>, prototype: EventEmitter): void {
  const entry = coveredClasses.get(prototype) ?? { users: 0, undo: undefined };
  coveredClasses.set(prototype, entry);
  entry.users++;
  idle.delete(entry);
  entry.undo ??= replace(prototype, 'emit', OWNER, () => emitting(prototype) as AnyFunction);
  tools.onDisable(() => {
    if (--entry.users > 0) return;
    idle.add(entry);
    // Requests in flight still have to end their spans.
    if (awaitingClose === 0) uncoverIdle();
  });
}

function uncoverIdle(): void {
  for (const entry of idle) {
    entry.undo?.();
    entry.undo = undefined;
  }
  idle.clear();
}

/**
 * Makes one emitter emit in a context for the rest of its life. For an emitter whose class is also used for other
 * purposes, such as an upgraded socket.
 */
export function emitAlwaysIn(own: Context, emitter: EventEmitter): void {
  setEmitterContext(emitter, own);
  const value = dress(emitting(emitter), emitter.emit);
  const enumerable = Object.prototype.propertyIsEnumerable.call(emitter, 'emit');
  Object.defineProperty(emitter, 'emit', { value, writable: true, configurable: true, enumerable });
}

/** Returns the replacement for the `emit` of an emitter or of a class, given by its prototype. */
function emitting(target: EventEmitter): Emit {
  // An inherited function is looked up on each call, because `node:domain` replaces EventEmitter's when it is loaded.
  const parent = Object.hasOwn(target, 'emit') ? { emit: target.emit } : Object.getPrototypeOf(target);
  const covering: Emit = function (event, ...args) {
    const emit: Emit = parent.emit;
    if (event === 'close') callOnClose(this);
    // The field that `listenerCount` reads. Most events of a request have no listener.
    const listeners = (this as Internals)._events?.[event];
    if (listeners === undefined) {
      if (emit === nodesEmit && event !== 'error') return false;
    } else if (listeners !== nodesOwn) {
      const own = contexts.get(this);
      if (own !== undefined && currentContext() !== own && !isNodesOwn(listeners))
        return context.with(own, emit, this, event, ...args);
    }
    return emit.call(this, event, ...args);
  };
  return Object.assign(covering, { [COVERED]: true });
}

/** Node's own `emit`, which only returns false for an event without a listener. */
const nodesEmit = String(EventEmitter.prototype.emit).includes('kErrorMonitor')
  ? EventEmitter.prototype.emit
  : undefined;

/** Where an emitter keeps its listeners: a function, or several in an array, for each event. */
interface Internals {
  readonly _events?: Readonly<Record<string | symbol, unknown>>;
}

/** Node's internal listener that releases each request after it was read; set at its first use. */
let nodesOwn: unknown;

/** Recognises that listener, which Node does not export and which runs no application code. */
function isNodesOwn(listeners: unknown): boolean {
  if (typeof listeners !== 'function' || listeners.name !== 'clearIncoming') return false;
  if (!String(listeners).includes('parser.incoming')) return false;
  nodesOwn = listeners;
  return true;
}

function callOnClose(emitter: EventEmitter): void {
  const listener = closeListeners.get(emitter);
  if (listener === undefined) return;
  closeListeners.set(emitter, undefined);
  if (--awaitingClose === 0 && idle.size > 0) uncoverIdle();
  const own = contexts.get(emitter);
  if (own === undefined || currentContext() === own) listener();
  else context.with(own, listener);
}
