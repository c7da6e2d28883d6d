import { once } from 'node:events';
import { PRELOAD, program, run, start } from './child.ts';

test('logging to a closed standard error does not end the process', async () => {
  const running = start([...PRELOAD, program('closed-stderr.mjs')], { OTEL_TRACES_EXPORTER: 'none' });
  const exited = once(running.process, 'exit');
  running.ended.catch(() => {});
  running.process.stderr?.destroy();
  await running.printed('ready');
  running.process.kill('SIGUSR2');
  expect(await exited).toEqual([7, null]);
});

test('replaces control characters in a log line', async () => {
  const code = `const { diag } = require('@opentelemetry/api'); diag.warn('a\\x1b[2Jb', 'c\\nclew error: d\\x9b')`;
  const { stderr } = await run([...PRELOAD, '-e', code]);
  expect(stderr).toBe('clew warn: a [2Jb c clew error: d \n');
});
