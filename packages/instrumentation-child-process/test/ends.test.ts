import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { asCaller, STARTERS } from './traced.ts';

const recorder = recordSpans();

describe('the end of a child process', () => {
  const failed = async (options: object, work: () => unknown) => {
    await asCaller(options, work);
    const [, child] = await recorder.take(2);
    expect(child?.status.code).toBe(SpanStatusCode.ERROR);
    expect(JSON.stringify(child)).not.toContain('secret');
    return child?.attributes;
  };
  const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));
  const code = 'process.exit(3) // secret';

  test('with another exit code than 0 is an error of that type', async () => {
    const expected = { 'process.exit.code': 3, 'error.type': '3' };
    expect(await failed({}, () => ended(childProcess.spawn('node', ['-e', code])))).toMatchObject(expected);
    expect(await failed({}, () => childProcess.spawnSync('node', ['-e', code]))).toMatchObject(expected);
    for (const name of ['execFileSync', 'execSync'] as const) {
      const start = () =>
        expect(() => STARTERS[name]!(code, { stdio: 'pipe' })).toThrow(/Command failed.*secret/);
      expect(await failed({}, start)).toMatchObject(expected);
    }
  });

  test('by a signal is an error of that type', async () => {
    const killed = () => {
      const child = childProcess.spawn('node', ['-e', 'setInterval(() => {}, 1000)']);
      child.once('spawn', () => child.kill('SIGKILL'));
      return ended(child);
    };
    expect(await failed({}, killed)).toMatchObject({ 'error.type': 'SIGKILL' });
    const abort = new AbortController();
    const aborted = async () => {
      const child = childProcess.spawn('node', ['-e', 'setInterval(() => {}, 1000)'], {
        signal: abort.signal,
      });
      child.once('spawn', () => abort.abort()).once('error', () => {});
      await ended(child);
    };
    expect(await failed({}, aborted)).toMatchObject({ 'error.type': 'SIGTERM' });
    const timedOut = () =>
      childProcess.spawnSync('node', ['-e', 'setInterval(() => {}, 1000)'], { timeout: 100 });
    expect(await failed({}, timedOut)).toMatchObject({ 'error.type': 'ETIMEDOUT' });
  });

  test('before its start is an error with its code as type, and reaches the application unchanged', async () => {
    const missing = async () => {
      const [error] = await once(childProcess.spawn('/missing', ['secret']), 'error').catch((thrown) => [
        thrown,
      ]);
      expect(error).toMatchObject({ code: 'ENOENT', syscall: 'spawn /missing' });
    };
    expect(await failed({}, missing)).toEqual({
      'process.executable.name': 'missing',
      'error.type': 'ENOENT',
    });
    const missingSync = () =>
      expect(childProcess.spawnSync('/missing', ['secret']).error).toMatchObject({ code: 'ENOENT' });
    expect(await failed({}, missingSync)).toMatchObject({ 'error.type': 'ENOENT' });
    const refused = () => expect(() => childProcess.execFileSync('node', ['secret\0'])).toThrow(/secret/);
    expect(await failed({}, refused)).toMatchObject({ 'error.type': 'ERR_INVALID_ARG_VALUE' });
    const tooLong = () =>
      expect(() => childProcess.spawn('node', ['secret'.repeat(1e6)])).toThrow(
        expect.objectContaining({ code: 'E2BIG' }),
      );
    expect(await failed({}, tooLong)).toMatchObject({ 'error.type': 'E2BIG' });
  });

  test('after disable() is not recorded: the span ends without it', async () => {
    const child = await asCaller({}, () => childProcess.spawn('node', ['--version']));
    const [, span] = await recorder.take(2);
    expect(span?.attributes).toEqual({ 'process.executable.name': 'node' });
    await ended(child);
  });

  test('is observed without adding a listener', async () => {
    const counts = (child: ChildProcess) =>
      child.eventNames().map((name) => [name, child.listenerCount(name)]);
    const plain = childProcess.spawn('node', ['--version']);
    const before = counts(plain);
    await asCaller({}, async () => {
      const child = childProcess.spawn('node', ['--version']);
      expect(counts(child)).toEqual(before);
      await Promise.all([ended(child), ended(plain)]);
    });
    await recorder.take(2);
  });
});
