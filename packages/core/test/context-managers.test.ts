import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { AsyncContextManager, rootContext, StackContextManager } from '@clew/core';
import { type Context, createContextKey } from '@opentelemetry/api';

const A = createContextKey('a');

const MANAGERS = { async: () => new AsyncContextManager(), stack: () => new StackContextManager() };
const some = rootContext.setValue(A, 'some');
const other = rootContext.setValue(A, 'other');

describe.each(Object.entries(MANAGERS))('the %s context manager', (_name, create) => {
  test.each([[null], [undefined], [7], ['text'], [{}], [() => {}], [Object.create(null)]])(
    'does not make %p current, which is not a context',
    (value) => {
      const manager = create();
      const given = value as unknown as Context;
      const current = () => manager.active().getValue(createContextKey('any'));
      expect(manager.with(given, current)).toBeUndefined();
      expect(manager.bind(given, current)()).toBeUndefined();
      expect(manager.with(given, (...args: unknown[]) => args, undefined, 1, 2)).toEqual([1, 2]);
    },
  );

  const manager = create().enable();
  const here = () => manager.active().getValue(A);

  test('has the root context by default', () => {
    expect(manager.active()).toBe(rootContext);
  });

  test('makes a context current while a function runs, and restores the previous one', () => {
    const seen = manager.with(some, () => [here(), manager.with(other, here), here()]);
    expect(seen).toEqual(['some', 'other', 'some']);
    expect(manager.active()).toBe(rootContext);
  });

  test('calls a function with this and arguments, and returns its result', () => {
    function sum(this: { base: number }, a: number, b: number) {
      return this.base + a + b;
    }
    expect(manager.with(some, sum, { base: 1 }, 2, 3)).toBe(6);
  });

  test('restores the previous context if the function throws', () => {
    const error = new Error('no');
    expect(() =>
      manager.with(some, () => {
        throw error;
      }),
    ).toThrow(error);
    expect(manager.active()).toBe(rootContext);
  });

  test('binds a function: context, this, arguments, name and length', () => {
    function play(this: unknown, note: string, _loud?: boolean) {
      return [here(), this, note];
    }
    const bound = manager.bind(some, play);
    const self = {};
    expect(bound.call(self, 'c')).toEqual(['some', self, 'c']);
    expect([bound.name, bound.length]).toEqual(['play', play.length]);
    expect(manager.active()).toBe(rootContext);
  });

  test('binds an emitter: each listener runs in the context, and can be removed', () => {
    const emitter = manager.bind(some, new EventEmitter());
    const seen: unknown[] = [];
    const listener = () => seen.push(here());
    emitter.on('note', listener);
    emitter.once('note', listener);
    emitter.prependListener('note', listener);
    expect(emitter.listenerCount('note', listener)).toBe(3);
    emitter.emit('note');
    expect(seen).toEqual(['some', 'some', 'some']);
    emitter.removeListener('note', listener);
    emitter.off('note', listener);
    expect(emitter.listenerCount('note')).toBe(0);
  });

  test('returns a value that can’t be bound unchanged', () => {
    for (const value of [undefined, null, 1, 'text', {}, Object.freeze({})]) {
      expect(manager.bind(some, value)).toBe(value);
    }
  });

  test('attaches nested contexts until their tokens are disposed of', () => {
    const outer = manager.attach(some);
    const inner = manager.attach(other);
    expect(here()).toBe('other');
    inner.dispose();
    expect(here()).toBe('some');
    outer.dispose();
    expect(manager.active()).toBe(rootContext);
  });

  test('has the root context after it is disabled', () => {
    const disabled = create();
    disabled.attach(some);
    expect(disabled.disable().active()).toBe(rootContext);
  });
});

test('the async context manager follows promises, timers and callbacks', async () => {
  const manager = new AsyncContextManager();
  const here = () => manager.active().getValue(A);
  const seen = await manager.with(some, async () => {
    const before = here();
    await new Promise((resolve) => setImmediate(resolve));
    const inTimer = await new Promise((resolve) => setTimeout(() => resolve(here()), 1));
    return [before, here(), inTimer, await Promise.resolve().then(here)];
  });
  expect(seen).toEqual(['some', 'some', 'some', 'some']);
  expect(here()).toBeUndefined();
});

test("the async context manager does not affect the application's own storages and async hooks", async () => {
  const manager = new AsyncContextManager();
  const [around, inside] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()];
  const ids = { before: executionAsyncId(), opened: 0, closed: 0 };
  const hook = createHook({ before: () => ids.opened++, after: () => ids.closed++ }).enable();
  await around.run('around', async () => {
    const later = manager.with(some, () => {
      inside.enterWith('inside');
      return Promise.resolve().then(() => [manager.active(), around.getStore(), inside.getStore()]);
    });
    const failing = () =>
      manager.with(some, () => {
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(executionAsyncId()).toBe(ids.before);
    expect(ids.opened).toBe(ids.closed);
    expect([manager.active(), around.getStore()]).toEqual([rootContext, 'around']);
    expect(await later).toEqual([some, 'around', 'inside']);
  });
  hook.disable();
});

test('the stack context manager has the root context after the first await', async () => {
  const manager = new StackContextManager();
  const seen: unknown[] = [];
  const running = manager.with(some, async () => {
    seen.push(manager.active());
    await null;
    seen.push(manager.active());
  });
  expect(manager.active()).toBe(rootContext);
  await running;
  expect(seen).toEqual([some, rootContext]);
});

test('a base context is current where no other context is', () => {
  const manager = new AsyncContextManager(some);
  expect(manager.active()).toBe(some);
  expect(manager.with(rootContext, () => manager.active())).toBe(rootContext);
  const token = manager.attach(other);
  token.dispose();
  expect(manager.active()).toBe(some);
});
