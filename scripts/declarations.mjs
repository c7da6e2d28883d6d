// Writes the declarations of packages: tsc writes a file for each source into `.types`, and scripts/roll-up.mjs
// combines them into one published file for each entry. Entries whose declarations have not changed are skipped.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

const MAX_WORKERS = 4;

/**
 * Writes `dist/ENTRY.d.ts`, `dist/ENTRY.d.cts` and `.types/api/ENTRY.api.md` for all entries with types.
 *
 * @param {string} root
 * @param {{ folder: string, manifest: any }[]} packages
 */
export async function writeDeclarations(root, packages) {
  compile(root, packages);
  const changed = packages.map((each) => describe(root, each)).filter(({ isCurrent }) => !isCurrent);
  if (changed.length === 0) return;
  const jobs = changed.flatMap(({ folder, entries }) => entries.map((entry) => ({ folder, entry })));
  const workers = startWorkers(Math.min(jobs.length, MAX_WORKERS, availableParallelism()));
  const started = new Map();
  // A roll-up reads the declarations of imported packages.
  const rollUp = (each) => {
    if (!started.has(each)) started.set(each, rollUpAfterDependencies(each));
    return started.get(each);
  };
  const rollUpAfterDependencies = async ({ folder, entries, dependencies, stamp, hash }) => {
    await Promise.all(changed.filter(({ name }) => dependencies.includes(name)).map(rollUp));
    await Promise.all(entries.map((entry) => workers.run({ folder, entry })));
    checkClasses(folder, entries);
    writeFileSync(stamp, hash);
  };
  try {
    await Promise.all(changed.map(rollUp));
  } finally {
    workers.stop();
  }
}

/** Returns the names of a package's entries with types: `index`, `plugin`. */
function typedEntries(manifest) {
  const types = Object.values(manifest.exports ?? {}).map(({ types }) => types);
  return types.filter(Boolean).map((file) => file.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, ''));
}

function compile(root, packages) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const projects = packages.map(({ folder }) => folder);
  const { status } = spawnSync(process.execPath, [tsc, '-b', ...projects], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function describe(root, { folder: relative, manifest }) {
  const folder = join(root, relative);
  const entries = typedEntries(manifest);
  const stamp = join(folder, '.types', 'rolled-up');
  const hash = createHash('sha256');
  hash.update(JSON.stringify(entries));
  const tools = ['scripts/roll-up.mjs', 'node_modules/@microsoft/api-extractor/package.json'];
  for (const file of tools) hash.update(readFileSync(join(root, file)));
  for (const file of globSync('.types/**/*.d.ts', { cwd: folder }).sort()) {
    hash.update(`\n${file}\n`).update(readFileSync(join(folder, file)));
  }
  const described = {
    name: manifest.name,
    folder,
    entries,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    stamp,
    hash: hash.digest('hex'),
  };
  const made = entries.flatMap((entry) => [`dist/${entry}.d.ts`, `dist/${entry}.d.cts`]);
  const isCurrent =
    made.every((file) => existsSync(join(folder, file))) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === described.hash;
  return { ...described, isCurrent };
}

/** TypeScript treats copies of a class with private members, declared by two entries, as incompatible types. */
function checkClasses(folder, entries) {
  const seen = new Map();
  for (const entry of entries) {
    const text = readFileSync(join(folder, 'dist', `${entry}.d.ts`), 'utf8');
    for (const [, name, body] of text.matchAll(/^(?:export )?declare (?:abstract )?class (\w+)(.*?)^\}/gms)) {
      if (!/^ {4}(?:#private|private |protected )/m.test(body)) continue;
      if (seen.has(name)) {
        throw new Error(
          `${folder}: the entries ${seen.get(name)} and ${entry} both declare the class ${name}, which has private members: export an interface from one of them`,
        );
      }
      seen.set(name, entry);
    }
  }
}

function startWorkers(count) {
  const idle = Array.from({ length: count }, () => new Worker(new URL('./roll-up.mjs', import.meta.url)));
  const all = [...idle];
  const waiting = [];
  const run = (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ job, resolve, reject });
      startNext();
    });
  const startNext = () => {
    if (waiting.length === 0 || idle.length === 0) return;
    const worker = idle.pop();
    const { job, resolve, reject } = waiting.shift();
    const settle = (finish) => (value) => {
      worker.removeAllListeners('message').removeAllListeners('error');
      idle.push(worker);
      finish(value);
      startNext();
    };
    worker.once('error', settle(reject));
    worker.once(
      'message',
      settle(({ failure }) => (failure === undefined ? resolve() : reject(new Error(failure)))),
    );
    worker.postMessage(job);
  };
  return { run, stop: () => all.forEach((worker) => void worker.terminate()) };
}
