import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { observePromise } from '@clew/core/plugin';
import Bluebird from 'bluebird';

const PROGRAM = join(__dirname, '..', 'programs', 'promises.mjs');
const cases = JSON.parse(execFileSync(process.execPath, [PROGRAM], { encoding: 'utf8' })) as string[];

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function run(mode: 'bare' | 'traced', name: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, mode, name], (error, stdout, stderr) => {
      // Source location and process id differ.
      const said = stderr.replaceAll(/\(node:\d+\)/g, '').replaceAll(/^ +at .*\n/gm, '');
      resolve({ code: error?.code ?? 0, stdout, stderr: said });
    });
  });
}

describe('an application with observed promises behaves like the untraced one', () => {
  test('there are cases', () => expect(cases.length).toBeGreaterThan(100));

  test.each(cases)('%s', async (name) => {
    const [bare, traced] = await Promise.all([run('bare', name), run('traced', name)]);
    expect(traced).toEqual(bare);
  });
});

describe('the listeners', () => {
  class Subclass extends Promise<unknown> {}
  class Lazy extends Promise<unknown> {
    // biome-ignore lint/suspicious/noThenProperty: a lazy promise.
    override then<A = unknown, B = never>(
      ...reactions: Parameters<typeof Promise.prototype.then<A, B>>
    ): Promise<A | B> {
      return new Promise((resolve) => setImmediate(resolve, 'done')).then(...reactions);
    }
  }
  const open = <T extends PromiseLike<unknown>>(
    make: (executor: (resolve: (value: unknown) => void) => void) => T,
  ) => {
    let resolve: (value: unknown) => void = () => {};
    const promise = make((given) => {
      resolve = given;
    });
    return { promise, resolve };
  };
  const makes = {
    plain: () => open((executor) => new Promise(executor)),
    subclass: () => open((executor) => new Subclass(executor)),
    'with properties': () => open((executor) => Object.assign(new Promise(executor), { child: 1 })),
    frozen: () => open((executor) => Object.freeze(new Subclass(executor))),
    Bluebird: () => open((executor) => new Bluebird(executor)),
  };

  test.each(Object.entries(makes))('are called before the application: %s', async (_kind, make) => {
    const { promise, resolve } = make();
    const order: unknown[] = [];
    const given = observePromise(
      promise,
      (value) => order.push(value),
      () => {},
    );
    const used = Promise.resolve(given).then(() => order.push('application'));
    expect(order).toEqual([]);
    resolve('settled');
    await used;
    expect(order).toEqual(['settled', 'application']);
  });

  test('of a lazy promise are called once, when it is awaited', async () => {
    const listener = jest.fn();
    const lazy = observePromise(new Lazy((resolve) => resolve('base')), listener, listener);
    await null;
    expect(listener).not.toHaveBeenCalled();
    expect(await lazy).toBe('done');
    expect(await lazy).toBe('done');
    expect(listener.mock.calls).toEqual([['done']]);
  });

  test('that throw change nothing', async () => {
    const broken = () => {
      throw new Error('a fault of the listener');
    };
    for (const make of Object.values(makes)) {
      const { promise, resolve } = make();
      const given = observePromise(promise, broken, broken);
      resolve('settled');
      expect(await given).toBe('settled');
    }
    await expect(observePromise(Promise.reject(new RangeError('it')), broken, broken)).rejects.toThrow(
      RangeError,
    );
  });

  test('are called at once for a value that is not a promise, and for a class whose `then` throws', () => {
    class OwnArguments extends Promise<unknown> {
      constructor(_client: object) {
        super((resolve) => resolve(undefined));
      }
    }
    for (const value of [1, null, {}, Object.create(Promise.prototype), new OwnArguments({})]) {
      const listener = jest.fn();
      expect(observePromise(value, listener, listener)).toBe(value);
      expect(listener).toHaveBeenCalledTimes(1);
    }
  });
});
