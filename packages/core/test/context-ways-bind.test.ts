import { EventEmitter, once } from 'node:events';
import { AsyncContextManager, bind, rootContext, StackContextManager } from '@clew/core';
import { type Context, context, createContextKey } from '@opentelemetry/api';

const KEY = createContextKey('request');
const inRequest = (name: string): Context => rootContext.setValue(KEY, name);
const current = () => context.active().getValue(KEY);

afterEach(() => {
  context.disable();
});

describe.each([
  ['async', () => new AsyncContextManager()],
  ['stack', () => new StackContextManager()],
])('bind() with the manager %s', (_name, create) => {
  beforeEach(() => {
    context.setGlobalContextManager(create().enable());
  });

  test('each call of a bound function runs in the context where it was bound', () => {
    const bound = context.with(inRequest('a'), () => bind(current));
    context.with(inRequest('b'), () => {
      expect([bound(), bound(), current()]).toEqual(['a', 'a', 'b']);
    });
    expect(current()).toBeUndefined();
  });

  test('binds to a given context, also to the root context', () => {
    const [a, none] = context.with(inRequest('b'), () => [
      bind(current, inRequest('a')),
      bind(current, rootContext),
    ]);
    expect(context.with(inRequest('c'), () => [a?.(), none?.()])).toEqual(['a', undefined]);
  });

  test('a bound function has the name, length, this, arguments, result and own properties of the original', () => {
    const original = Object.assign(
      function add(this: { base: number }, left: number, right: number) {
        return this.base + left + right;
      },
      { unit: 'items' },
    );
    const bound = bind(original);
    expect(bound.call({ base: 1 }, 2, 3)).toBe(6);
    expect([bound.name, bound.length, bound.unit]).toEqual(['add', 2, 'items']);
  });

  test('an error of a bound function is rethrown, and its context is no longer current', () => {
    const fault = new Error('no');
    const bound = bind(() => {
      throw fault;
    }, inRequest('a'));
    expect(bound).toThrow(fault);
    expect(current()).toBeUndefined();
  });

  test('listeners added to a bound emitter run in the context of the binding', () => {
    const emitter = bind(new EventEmitter(), inRequest('a'));
    const seen: unknown[] = [];
    const see = () => seen.push(current());
    emitter.on('x', see).once('x', see).prependListener('x', see).prependOnceListener('x', see);
    context.with(inRequest('b'), () => emitter.emit('x'));
    context.with(inRequest('b'), () => emitter.emit('x'));
    expect(seen).toEqual(Array(6).fill('a'));
  });

  test.each(['on', 'once', 'prependListener', 'prependOnceListener'] as const)(
    'a listener added with %s is found and removed by the original function',
    (add) => {
      const emitter = bind(new EventEmitter(), inRequest('a'));
      const listener = () => {};
      emitter[add]('x', listener);
      expect(emitter.listeners('x')).toEqual([listener]);
      expect(emitter.listenerCount('x', listener)).toBe(1);
      emitter.off('x', listener);
      expect(emitter.listenerCount('x')).toBe(0);
    },
  );

  test('events.once works on a bound emitter and leaves no listener', async () => {
    const emitter = bind(new EventEmitter(), inRequest('a'));
    const came = once(emitter, 'x');
    emitter.emit('x', 1);
    expect(await came).toEqual([1]);
    expect(emitter.eventNames()).toEqual([]);
  });

  test('a value that is neither a function nor an emitter is returned unchanged', () => {
    const value = { a: 1 };
    expect(bind(value)).toBe(value);
    expect(bind('text')).toBe('text');
  });
});

test('without a context manager, bind() returns its argument', () => {
  expect(bind(current)).toBe(current);
});

describe.each([
  ['async', AsyncContextManager],
  ['stack', StackContextManager],
])('the base context of the manager %s', (_name, Manager) => {
  test('is current where no other context is, and again afterwards', () => {
    const base = inRequest('parent process');
    context.setGlobalContextManager(new Manager(base).enable());
    expect(current()).toBe('parent process');
    expect(context.with(inRequest('a'), current)).toBe('a');
    expect(context.with(rootContext, current)).toBeUndefined();
    const token = new Manager(base).attach(inRequest('b'));
    token.dispose();
    expect(current()).toBe('parent process');
  });
});
