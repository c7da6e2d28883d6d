import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AsyncContextManager, rootContext, StackContextManager, TaskCarrier } from '@clew/core';
import { type Context, context, createContextKey } from '@opentelemetry/api';

interface Task {
  readonly id: number;
}

const KEY = createContextKey('request');
const inRequest = (name: unknown): Context => rootContext.setValue(KEY, name);
const current = () => context.active().getValue(KEY);
const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  context.disable();
});

describe.each([
  ['async', () => new AsyncContextManager()],
  ['stack', () => new StackContextManager()],
])('a task carrier on the manager %s', (_name, create) => {
  beforeEach(() => {
    context.setGlobalContextManager(create().enable());
  });

  test('a task runs in the context in which it was captured, and its result is returned', () => {
    const carrier = new TaskCarrier<Task>();
    const task = context.with(inRequest('a'), () => carrier.capture({ id: 1 }));
    expect(context.with(inRequest('worker'), () => carrier.run(task, current))).toBe('a');
    expect(task).toEqual({ id: 1 });
  });

  test('the worker’s context is restored, whether the task returns or throws', () => {
    const carrier = new TaskCarrier<Task>();
    const [good, bad] = [1, 2].map((id) => carrier.capture({ id }, inRequest('a'))) as [Task, Task];
    const fault = new Error('no');
    context.with(inRequest('worker'), () => {
      carrier.run(good, () => {});
      expect(current()).toBe('worker');
      const failing = () =>
        carrier.run(bad, () => {
          throw fault;
        });
      expect(failing).toThrow(fault);
      expect(current()).toBe('worker');
    });
    expect(current()).toBeUndefined();
  });

  test('a task that was not captured runs in the root context, not in that of the worker', () => {
    const carrier = new TaskCarrier<Task>();
    expect(context.with(inRequest('worker'), () => carrier.run({ id: 1 }, current))).toBeUndefined();
  });

  test('a retried task has its context again, until it is released', () => {
    const carrier = new TaskCarrier<Task>();
    const task = carrier.capture({ id: 1 }, inRequest('a'));
    expect([carrier.run(task, current), carrier.run(task, current)]).toEqual(['a', 'a']);
    expect(carrier.contextOf(task)?.getValue(KEY)).toBe('a');
    carrier.release(task);
    expect(carrier.contextOf(task)).toBeUndefined();
    expect(carrier.run(task, current)).toBeUndefined();
  });

  test('a nested task has its own context, and afterwards the outer one is current', () => {
    const carrier = new TaskCarrier<Task>();
    const [outer, inner] = [
      carrier.capture({ id: 1 }, inRequest('a')),
      carrier.capture({ id: 2 }, inRequest('b')),
    ];
    const seen = carrier.run(outer, () => [current(), carrier.run(inner, current), current()]);
    expect(seen).toEqual(['a', 'b', 'a']);
  });

  test('a task that is not an object carries no context and does not throw', () => {
    const carrier = new TaskCarrier<object>();
    const id = 'job-1' as unknown as object;
    expect(context.with(inRequest('a'), () => carrier.capture(id))).toBe(id);
    expect(carrier.run(id, current)).toBeUndefined();
  });
});

describe('asynchronous tasks', () => {
  beforeEach(() => {
    context.setGlobalContextManager(new AsyncContextManager().enable());
  });

  test('keep their contexts until they end, with many at once on one worker', async () => {
    const carrier = new TaskCarrier<Task>();
    const tasks = Array.from({ length: 20 }, (_, id) => carrier.capture({ id }, inRequest(id)));
    const work = async () => {
      const seen = [current()];
      await turn();
      seen.push(current());
      await turn();
      return [...seen, current()];
    };
    const results = await context.with(inRequest('worker'), async () => {
      const running = tasks.map((task) => carrier.run(task, work));
      expect(current()).toBe('worker');
      const done = await Promise.all(running);
      expect(current()).toBe('worker');
      return done;
    });
    expect(results).toEqual(tasks.map(({ id }) => [id, id, id]));
  });

  test('that reject are rejected in the context of the worker', async () => {
    const carrier = new TaskCarrier<Task>();
    const task = carrier.capture({ id: 1 }, inRequest('a'));
    await context.with(inRequest('worker'), async () => {
      const failing = carrier.run(task, async () => {
        await turn();
        throw new Error(`in ${current()}`);
      });
      await expect(failing).rejects.toThrow('in a');
      expect(current()).toBe('worker');
    });
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;

  /** A collection finds only objects that were released before the current turn of the event loop. */
  async function collected(reference: WeakRef<object>, collections = 20): Promise<boolean> {
    for (let attempt = 0; attempt < collections && reference.deref() !== undefined; attempt++) {
      await turn();
      gc();
    }
    return reference.deref() === undefined;
  }

  function capture(carrier: TaskCarrier<Task>, task: Task): WeakRef<object> {
    const payload = { request: 'large' };
    carrier.capture(task, inRequest(payload));
    return new WeakRef(payload);
  }

  test('a task that is collected releases its context', async () => {
    const carrier = new TaskCarrier<Task>();
    const payload = capture(carrier, { id: 1 });
    expect(await collected(payload)).toBe(true);
  });

  test('a referenced task keeps its context until it is released', async () => {
    const carrier = new TaskCarrier<Task>();
    const task = { id: 1 };
    const payload = capture(carrier, task);
    expect(await collected(payload, 2)).toBe(false);
    carrier.release(task);
    expect(await collected(payload)).toBe(true);
  });
});
