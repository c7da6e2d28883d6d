import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { AsyncContextManager, rootContext } from '@clew/core';
import { emitters } from '@clew/core/plugin';
import { context, createContextKey } from '@opentelemetry/api';
import { emitAlwaysIn } from '../src/context/emitter-context.ts';

const KEY = createContextKey('request');
const own = rootContext.setValue(KEY, 'own');
const another = rootContext.setValue(KEY, 'another');
/** The name of the context that is current: all contexts are equal to `toEqual`. */
const current = () => context.active().getValue(KEY) ?? 'none';

class Message extends EventEmitter {}

let undoing: (() => void)[] = [];
const tools = { onDisable: (undo: () => void) => undoing.push(undo) };
const disable = () => {
  for (const undo of undoing.splice(0)) undo();
};

beforeAll(() => context.setGlobalContextManager(new AsyncContextManager()));
beforeEach(() => emitters.emitInOwnContext(tools, Message.prototype));
afterEach(disable);
afterAll(() => context.disable());

/** A message with a context, and the context that was current in each of its listeners. */
function watched(...events: string[]) {
  const message = new Message();
  emitters.setContext(message, own);
  const seen: unknown[] = [];
  for (const event of events) message.on(event, () => seen.push(current()));
  return { message, seen };
}

test('listeners run in the emitter’s context, whatever context emits', () => {
  const { message, seen } = watched('data');
  message.emit('data');
  context.with(another, () => message.emit('data'));
  context.with(own, () => message.emit('data'));
  expect(seen).toEqual(['own', 'own', 'own']);
  expect(context.active()).toBe(rootContext);
});

test('listeners keep this, their arguments and their errors, and emit keeps its result', () => {
  const { message } = watched();
  const given: unknown[] = [];
  message.on('data', function (this: unknown, ...args: unknown[]) {
    given.push(this, ...args);
  });
  const failure = new Error('no more');
  message.on('end', () => {
    throw failure;
  });
  expect([message.emit('data', 1, 2), message.emit('none')]).toEqual([true, false]);
  expect(given).toEqual([message, 1, 2]);
  expect(() => message.emit('end')).toThrow(failure);
  expect(() => message.emit('error', failure)).toThrow('no more');
});

test('a listener is listed and removed as usual', () => {
  const { message } = watched();
  const listener = () => {};
  message.once('data', listener);
  expect(message.listeners('data')).toEqual([listener]);
  message.off('data', listener);
  expect(message.eventNames()).toEqual([]);
});

test('an emitter without a context emits in the current context', () => {
  const message = new Message();
  const seen: unknown[] = [];
  message.on('data', () => seen.push(current()));
  context.with(another, () => message.emit('data'));
  expect(seen).toEqual(['another']);
  expect(emitters.contextOf(message)).toBeUndefined();
});

test('a context can be replaced, and adds no visible property', () => {
  const { message, seen } = watched('data');
  const bare = new Message().on('data', () => {});
  emitters.setContext(message, another);
  message.emit('data');
  expect(seen).toEqual(['another']);
  expect(emitters.contextOf(message)).toBe(another);
  expect(Reflect.ownKeys(message)).toEqual(Reflect.ownKeys(bare));
  expect(inspect(message, { showHidden: true, depth: 0 })).toBe(
    inspect(bare, { showHidden: true, depth: 0 }),
  );
});

test('an inherited emit that is replaced later is still called', () => {
  const { message, seen } = watched('data');
  const original = EventEmitter.prototype.emit;
  const emitted: unknown[] = [];
  EventEmitter.prototype.emit = function (event, ...args) {
    emitted.push(event, current());
    return original.call(this, event, ...args);
  };
  try {
    message.emit('data');
    message.emit('none');
  } finally {
    EventEmitter.prototype.emit = original;
  }
  expect(emitted).toEqual(['data', 'own', 'none', 'none']);
  expect(seen).toEqual(['own']);
});

test('a single emitter can be covered without its class', () => {
  class Socket extends EventEmitter {}
  const [socket, other] = [new Socket(), new Socket()];
  emitAlwaysIn(another, socket);
  emitAlwaysIn(own, socket);
  emitters.setContext(other, own);
  const seen: unknown[] = [];
  for (const each of [socket, other]) each.on('data', () => seen.push(current()));
  socket.emit('data');
  other.emit('data');
  expect(seen).toEqual(['own', 'none']);
  expect(Object.keys(socket)).toEqual(Object.keys(other));
});

test('the close callback is called once, in the emitter’s context, without adding a listener', () => {
  const { message, seen } = watched();
  emitters.onClose(message, () => seen.push(current()));
  expect(message.listenerCount('close')).toBe(0);
  message.emit('end');
  expect(seen).toEqual([]);
  message.emit('close');
  message.emit('close');
  expect(seen).toEqual(['own']);
});

test('the close callback is called without a context too, and through a listener for an emitter of another class', () => {
  const calls: string[] = [];
  const [bare, other] = [new Message(), new EventEmitter()];
  emitters.setContext(other, own);
  emitters.onClose(bare, () => calls.push('bare'));
  emitters.onClose(other, () => calls.push('other'));
  for (const each of [bare, other]) {
    each.emit('close');
    each.emit('close');
  }
  expect(calls).toEqual(['bare', 'other']);
});

test('the original emit is restored once the last plugin is disabled and all emitters have closed', () => {
  const { message, seen } = watched();
  emitters.emitInOwnContext(tools, Message.prototype);
  const [first, second] = undoing;
  undoing = [];
  first?.();
  expect(Object.hasOwn(Message.prototype, 'emit')).toBe(true);
  emitters.onClose(message, () => seen.push('closed'));
  second?.();
  message.emit('close');
  expect(seen).toEqual(['closed']);

  emitters.emitInOwnContext(tools, Message.prototype);
  disable();
  expect(Object.hasOwn(Message.prototype, 'emit')).toBe(false);
});
