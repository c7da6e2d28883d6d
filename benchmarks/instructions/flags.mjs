import { spawnSync } from 'node:child_process';

const wanted = {
  // V8 compiles and collects garbage in the main thread, at the same points of every run; hashes are the same.
  predictable: '',
  'single-threaded': '',
  'random-seed': '=1',
  'hash-seed': '=1',
  // No major garbage collection, which would be in some of the rounds only. Minor ones are counted.
  'min-semi-space-size': '=16',
  'max-semi-space-size': '=16',
  'initial-old-space-size': '=1024',
  'no-incremental-marking': '',
  'no-memory-reducer': '',
  // V8 optimizes a function after fewer calls, so that the warm-up is short. The code that results is the same.
  'invocation-count-for-turbofan': '=500',
  'minimum-invocations-after-ic-update': '=100',
};

/** The flags of Node that make the counts repeatable; those that this version of V8 does not have are left out. */
export const flags = known();

function known() {
  const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  const has = (name) => new RegExp(`--${name.replace(/^no-/, '')}[ \\n]`).test(stdout);
  return Object.entries(wanted)
    .filter(([name]) => has(name))
    .map(([name, value]) => `--${name}${value}`);
}
