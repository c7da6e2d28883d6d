import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { FileProvider, type FileProviderOptions } from '../src/providers/file-provider.ts';
import { collectLogs, idOf, SetsInForce, setOf, yamlOf } from './sets-in-force.ts';

/** Changes are found by the watch only. */
const NEVER_MS = 86_400_000;

let directory: string;
let path: string;
let provider: FileProvider;

function start(options: Partial<FileProviderOptions> = {}): SetsInForce {
  provider = new FileProvider({ path, intervalMs: NEVER_MS, ...options });
  return SetsInForce.of(provider);
}

/** Resolves when the provider has counted a failure. */
async function failure(cause: string, count = 1): Promise<void> {
  while ((provider.stats().failures[cause] ?? 0) < count) await nextTurn();
}

function replace(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clew-policies-'));
  path = join(directory, 'policies.json');
  writeFileSync(path, setOf('first'));
});

afterEach(() => {
  provider.stop();
  diag.disable();
  rmSync(directory, { recursive: true, force: true });
});

describe('a file provider', () => {
  test('has the policies in force when it has started', () => {
    const sets = start();
    expect(idOf(sets.policies)).toBe('first');
    expect(provider.name).toBe(`file ${path}`);
    expect(provider.stats()).toEqual({
      loads: 1,
      unchanged: 0,
      failures: {},
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  test('reads YAML, with a byte order mark', () => {
    path = join(directory, 'policies.yaml');
    writeFileSync(path, `\uFEFF${yamlOf('yaml')}`);
    expect(idOf(start().policies)).toBe('yaml');
  });

  const changes: Record<string, () => void> = {
    'replaced atomically': () => replace(setOf('second')),
    'written in place': () => writeFileSync(path, setOf('second')),
    'deleted and created again': () => {
      unlinkSync(path);
      writeFileSync(path, setOf('second'));
    },
  };

  test.each(Object.keys(changes))('notices a file that is %s', async (change) => {
    const logs = collectLogs();
    const sets = start();
    changes[change]!();
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('second');
    expect(logs).toEqual([]);
  });

  test('notices the exchange of a Kubernetes volume', async () => {
    const volume = join(directory, 'volume');
    const publish = (revision: string, id: string) => {
      mkdirSync(join(volume, revision), { recursive: true });
      writeFileSync(join(volume, revision, 'policies.json'), setOf(id));
      symlinkSync(revision, join(volume, '..data_tmp'));
      renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    publish('..2026_1', 'first');
    path = join(volume, 'policies.json');
    symlinkSync('..data/policies.json', path);
    const sets = start();
    expect(idOf(sets.policies)).toBe('first');
    for (const id of ['second', 'third']) {
      publish(`..2026_${id}`, id);
      await sets.when(({ rules }) => idOf(rules as never) === id);
    }
    expect(provider.stats()).toMatchObject({ loads: 3, failures: {} });
  });

  test('waits for a file that is missing at the start, which it logs at once', async () => {
    const logs = collectLogs();
    unlinkSync(path);
    const sets = start();
    expect(provider.stats().failures).toEqual({ missing: 1 });
    expect(sets.all).toEqual([]);
    expect(logs).toEqual([expect.stringMatching(/\(missing\); no set is in force$/)]);
    writeFileSync(path, setOf('late'));
    await sets.count(1);
    expect(idOf(sets.policies)).toBe('late');
  });

  test('follows a directory that is deleted and created again', async () => {
    collectLogs();
    const nested = join(directory, 'nested');
    path = join(nested, 'policies.json');
    mkdirSync(nested);
    writeFileSync(path, setOf('first'));
    const sets = start({ intervalMs: 50 });
    rmSync(nested, { recursive: true });
    await failure('missing');
    mkdirSync(nested);
    writeFileSync(path, setOf('second'));
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('second');
  });

  test('finds a change without a notification, by reading the file at an interval', async () => {
    const target = join(directory, 'elsewhere', 'target.json');
    mkdirSync(join(directory, 'elsewhere'));
    writeFileSync(target, setOf('first'));
    mkdirSync(join(directory, 'linked'));
    path = join(directory, 'linked', 'policies.json');
    symlinkSync(target, path);
    const sets = start({ intervalMs: 20 });
    // As long as the old content: only the content differs.
    writeFileSync(target, setOf('other'));
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('other');
    expect(provider.stats().failures).toEqual({});
  });

  test('keeps the last good set while a file is half-written, without a failure', async () => {
    const logs = collectLogs();
    const sets = start();
    const text = setOf('second');
    for (const length of [0, 1, 10, text.length - 1]) {
      writeFileSync(path, text.slice(0, length));
      // Gives the provider time to read what is there; the test passes without that reading as well.
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(sets.all).toHaveLength(1);
    }
    writeFileSync(path, text);
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('second');
    expect(provider.stats().failures).toEqual({});
    expect(logs).toEqual([]);
  });

  test('keeps the last good set while the file stays invalid, and logs it once', async () => {
    const logs = collectLogs();
    const sets = start({ intervalMs: 20 });
    replace('{"policies":');
    await failure('invalid', 3);
    expect(sets.all).toHaveLength(1);
    expect(logs).toEqual([expect.stringMatching(/\(invalid\); the last good set stays in force$/)]);
    replace(setOf('third'));
    await sets.count(2);
    expect(idOf(sets.policies)).toBe('third');
  });

  const unreadable: Record<string, [cause: string, create: () => void]> = {
    'has 10 MB': ['tooLarge', () => writeFileSync(path, Buffer.alloc(10_000_000, ' '))],
    'is a directory': ['unreadable', () => mkdirSync(path)],
    'is a named pipe': ['unreadable', () => execFileSync('mkfifo', [path])],
  };

  test.each(Object.keys(unreadable))('neither waits for nor reads a path that %s', (kind) => {
    collectLogs();
    const [cause, create] = unreadable[kind]!;
    unlinkSync(path);
    create();
    const sets = start();
    expect(sets.all).toEqual([]);
    expect(provider.stats().failures).toEqual({ [cause]: 1 });
  });

  test('ends with the last of 100 quick replacements, and puts only complete sets in force', async () => {
    const logs = collectLogs();
    const sets = start();
    for (let i = 1; i <= 100; i++) {
      replace(setOf(`set${i}`));
      await nextTurn();
    }
    await sets.when(({ rules }) => idOf(rules as never) === 'set100');
    expect(sets.all.length).toBeLessThan(100);
    expect(provider.stats().failures).toEqual({});
    expect(logs).toEqual([]);
  });

  test('reads nothing after it was stopped', async () => {
    const stopped = start();
    provider.stop();
    const sets = start();
    replace(setOf('second'));
    await sets.count(2);
    expect(stopped.all).toHaveLength(1);
  });

  test('is refused with an invalid option', () => {
    expect(() => new FileProvider({ path: '' })).toThrow(
      '@clew/sampling: expected file.path to be a text, got ""',
    );
    expect(() => start({ intervalMs: 0 })).toThrow('expected file.intervalMs in [10, 86400000], got 0');
  });
});
