// Written for speed: every served request comes here, most of them unsampled. A private field on the foreign object costs
// 4 ns; the plain form, a WeakMap, costs 250 ns, and a symbol would show up where the application logs the object. To
// enter a context costs 200 ns, so an event without listeners of the application's does not.
// The plain form is `if (this.listenerCount(event) > 0)`, and a second private field on every request: 0.1 µs more.
import { EventEmitter } from 'node:events';
import { type Context, context } from '@opentelemetry/api';
import type { Tools } from '../kit/target.ts';
import { type AnyFunction, dress, replace } from '../kit/wrap.ts';
import { currentContext } from '../operation.ts';

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;

/** A class whose instance is the object that it is given. */
class Same {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a derived class adds its private field to it.
    return object;
  }
}

/** A private field on an object of somebody else: no key, no log, and no `inspect` shows it. */
class Stamp extends Same {
  #context: Context;

  constructor(emitter: object, own: Context) {
    super(emitter);
    this.#context = own;
  }

  static set(emitter: object, own: Context): void {
    if (#context in emitter) emitter.#context = own;
    else new Stamp(emitter, own);
  }

  static get(emitter: object): Context | undefined {
    return #context in emitter ? emitter.#context : undefined;
  }
}

/** What is called at an emitter's close; few have it. */
class Closing extends Same {
  #listener: (() => void) | undefined;

  constructor(emitter: object, listener: () => void) {
    super(emitter);
    this.#listener = listener;
  }

  static set(emitter: object, listener: () => void): void {
    if (#listener in emitter) emitter.#listener = listener;
    else new Closing(emitter, listener);
  }

  static take(emitter: object): (() => void) | undefined {
    if (!(#listener in emitter)) return undefined;
    const listener = emitter.#listener;
    emitter.#listener = undefined;
    return listener;
  }
}

/** Marks an `emit` that runs listeners in the emitter's own context. */
const COVERED = Symbol('clew.covered');

/** A class whose `emit` is replaced, and how many plugins asked for it. */
interface Replaced {
  users: number;
  undo: (() => void) | undefined;
}

const replaced = new WeakMap<object, Replaced>();
/** How many emitters still wait for their `close`. */
let awaitingClose = 0;
/** Classes that no plugin asks for any more, but whose emitters still wait for their `close`. */
const idle = new Set<Replaced>();

/** Each copy of this package covers a class by itself: it does not see the contexts that another copy sets. */
const OWNER = `emitter-context ${process.hrtime.bigint()}`;

/**
 * Sets the context in which an emitter's listeners run, whoever emits. This works for the emitters that
 * {@link emitInOwnContext} covers. A second call replaces the context. Nothing on the emitter shows it.
 *
 * @example
 * setEmitterContext(response, callersContext);
 */
export function setEmitterContext(emitter: object, own: Context): void {
  Stamp.set(emitter, own);
}

/** The context that {@link setEmitterContext} set, or `undefined`. */
export function emitterContext(emitter: object): Context | undefined {
  return Stamp.get(emitter);
}

/**
 * Calls back once, before the emitter's listeners, when it emits `close`. For an emitter that {@link emitInOwnContext}
 * covers this adds no listener, which would count towards the application's `setMaxListeners`.
 */
export function onEmitterClose(emitter: EventEmitter, listener: () => void): void {
  if (!(COVERED in emitter.emit)) {
    emitter.once('close', listener);
    return;
  }
  Closing.set(emitter, listener);
  awaitingClose++;
}

/**
 * Makes the emitters of a class, given by its prototype, emit in the context that {@link setEmitterContext} sets for
 * each. An emitter without such a context emits as before. Replacing `emit` and not `on` also covers `pipe()`, iteration and streams built on the emitter, and leaves the listeners as they are.
 * Several plugins may give the same class.
 *
 * @example
 * emitInOwnContext(tools, IncomingMessage.prototype);
 */
export function emitInOwnContext(tools: Pick<Tools<never>, 'onDisable'>, prototype: EventEmitter): void {
  const entry = replaced.get(prototype) ?? { users: 0, undo: undefined };
  replaced.set(prototype, entry);
  entry.users++;
  idle.delete(entry);
  entry.undo ??= replace(prototype, 'emit', OWNER, () => emitting(prototype) as AnyFunction);
  tools.onDisable(() => {
    if (--entry.users > 0) return;
    idle.add(entry);
    // What is in flight still has to end its span.
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
 * Makes one emitter emit in a context, for an emitter whose class carries more than requests: an upgraded socket.
 * It stays so for the emitter's life.
 */
export function emitAlwaysIn(own: Context, emitter: EventEmitter): void {
  setEmitterContext(emitter, own);
  const value = dress(emitting(emitter), emitter.emit);
  const enumerable = Object.prototype.propertyIsEnumerable.call(emitter, 'emit');
  Object.defineProperty(emitter, 'emit', { value, writable: true, configurable: true, enumerable });
}

/** The replacement of an emitter's `emit`, or of the one of a class given by its prototype. */
function emitting(target: EventEmitter): Emit {
  // An inherited function is looked up anew: `node:domain`, once it is loaded, replaces EventEmitter's.
  const parent = Object.hasOwn(target, 'emit') ? { emit: target.emit } : Object.getPrototypeOf(target);
  const covering: Emit = function (event, ...args) {
    const emit: Emit = parent.emit;
    if (event === 'close') callOnClose(this);
    // What `listenerCount` reads. Most events of a request have no listener.
    const listeners = (this as Internals)._events?.[event];
    if (listeners === undefined) {
      if (emit === nodesEmit && event !== 'error') return false;
    } else if (listeners !== nodesOwn) {
      const own = Stamp.get(this);
      if (own !== undefined && currentContext() !== own && !isNodesOwn(listeners))
        return context.with(own, emit, this, event, ...args);
    }
    return emit.call(this, event, ...args);
  };
  return Object.assign(covering, { [COVERED]: true });
}

/** Node's own `emit`, which does nothing but return false for an event without a listener. */
const nodesEmit = String(EventEmitter.prototype.emit).includes('kErrorMonitor')
  ? EventEmitter.prototype.emit
  : undefined;

/** Where an emitter keeps its listeners: a function, or several in an array, for each event. */
interface Internals {
  readonly _events?: Readonly<Record<string | symbol, unknown>>;
}

/** The one function with which Node lets go of each request that has been read, once it has been seen. */
let nodesOwn: unknown;

/** Recognises that function, which Node does not export: no code of the application runs in it. */
function isNodesOwn(listeners: unknown): boolean {
  if (typeof listeners !== 'function' || listeners.name !== 'clearIncoming') return false;
  if (!String(listeners).includes('parser.incoming')) return false;
  nodesOwn = listeners;
  return true;
}

function callOnClose(emitter: EventEmitter): void {
  const listener = Closing.take(emitter);
  if (listener === undefined) return;
  if (--awaitingClose === 0 && idle.size > 0) uncoverIdle();
  const own = Stamp.get(emitter);
  if (own === undefined || currentContext() === own) listener();
  else context.with(own, listener);
}
