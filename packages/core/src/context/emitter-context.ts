// Written for speed: every served request is stamped. A private field on the foreign object costs 4 ns; the plain form,
// a WeakMap, costs 250 ns, and a symbol would show up where the application logs the object.
import type { EventEmitter } from 'node:events';
import { type Context, context } from '@opentelemetry/api';
import { currentContext } from '../exchange.ts';
import type { Tools } from '../kit/target.ts';
import { type AnyFunction, dress, replace } from '../kit/wrap.ts';

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
  #onClose: (() => void) | undefined;

  constructor(emitter: object, own: Context) {
    super(emitter);
    this.#context = own;
    this.#onClose = undefined;
  }

  static set(emitter: object, own: Context): void {
    if (#context in emitter) emitter.#context = own;
    else new Stamp(emitter, own);
  }

  static get(emitter: object): Context | undefined {
    return #context in emitter ? emitter.#context : undefined;
  }

  static setOnClose(emitter: object, listener: () => void): boolean {
    if (!(#onClose in emitter)) return false;
    emitter.#onClose = listener;
    return true;
  }

  static takeOnClose(emitter: object): (() => void) | undefined {
    const stamp = emitter as Stamp;
    const listener = stamp.#onClose;
    if (listener !== undefined) stamp.#onClose = undefined;
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
 * covers and that has a context this adds no listener, which would count towards the application's `setMaxListeners`.
 */
export function onEmitterClose(emitter: EventEmitter, listener: () => void): void {
  if (!(COVERED in emitter.emit && Stamp.setOnClose(emitter, listener))) {
    emitter.once('close', listener);
    return;
  }
  awaitingClose++;
}

/**
 * Makes the emitters of a class, given by its prototype, emit in the context that {@link setEmitterContext} sets for
 * each. An emitter without such a context emits as before. Replacing `emit` and not
 * `on` also covers `pipe()`, iteration and streams built on the emitter, and leaves the listeners as they are.
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
  entry.undo ??= replace(prototype, 'emit', OWNER, (emit) => emitting(emit as Emit) as AnyFunction);
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
  const value = dress(emitting(emitter.emit), emitter.emit);
  const enumerable = Object.prototype.propertyIsEnumerable.call(emitter, 'emit');
  Object.defineProperty(emitter, 'emit', { value, writable: true, configurable: true, enumerable });
}

function emitting(emit: Emit): Emit {
  const covering: Emit = function (event, ...args) {
    const own = Stamp.get(this);
    if (own === undefined) return emit.call(this, event, ...args);
    if (event === 'close') callOnClose(this, own);
    if (this.listenerCount(event) === 0 || currentContext() === own) return emit.call(this, event, ...args);
    return context.with(own, emit, this, event, ...args);
  };
  return Object.assign(covering, { [COVERED]: true });
}

function callOnClose(emitter: EventEmitter, own: Context): void {
  const listener = Stamp.takeOnClose(emitter);
  if (listener === undefined) return;
  if (--awaitingClose === 0 && idle.size > 0) uncoverIdle();
  if (currentContext() === own) listener();
  else context.with(own, listener);
}
