// Writes the declarations of packages: tsc writes a file for each source into `.types`, and scripts/roll-up.mjs
// combines them into one published file for each entry. Entries whose declarations have not changed are skipped.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { additionsTo } from './plugin-types.mjs';

const MAX_WORKERS = 4;

/**
 * Writes `dist/ENTRY.d.ts`, `dist/ENTRY.d.cts` and `.types/api/ENTRY.api.md` for all entries with types.
 *
 * @param {string} root
 * @param {{ folder: string, manifest: any }[]} packages
 */
export async function writeDeclarations(root, packages) {
  compile(root, packages);
  for (const { folder, manifest } of packages) copySingleFiles({ folder: join(root, folder), manifest });
  const changed = packages.map((each) => describe(root, each)).filter(({ isCurrent }) => !isCurrent);
  if (changed.length === 0) return;
  const entryCount = changed.reduce((count, { entries }) => count + entries.length, 0);
  const workers = startWorkers(Math.min(entryCount, MAX_WORKERS, availableParallelism()));
  const started = new Map();
  // A roll-up reads the declarations of imported packages.
  const rollUp = (each) => {
    if (!started.has(each)) started.set(each, rollUpAfterDependencies(each));
    return started.get(each);
  };
  const rollUpAfterDependencies = async ({ folder, entries, additions, dependencies, stamp, hash }) => {
    await Promise.all(changed.filter(({ name }) => dependencies.includes(name)).map(rollUp));
    await Promise.all(entries.map((entry) => workers.run({ folder, entry, additions: additions(entry) })));
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
  return typeFiles(manifest)
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => file.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, ''));
}

function typeFiles({ exports = {} }) {
  return Object.values(exports).flatMap(({ types }) => types ?? []);
}

/** Copies the declarations of entries that are written for `require` only, which import no other files. */
function copySingleFiles({ folder, manifest }) {
  for (const file of typeFiles(manifest).filter((each) => each.endsWith('.d.cts')))
    copyFileSync(join(folder, file.replace(/^\.\/dist\//, '.types/')), join(folder, file));
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
  const additions = additionsTo(root, manifest);
  const hash = createHash('sha256');
  hash.update(JSON.stringify([entries, entries.map(additions)]));
  const tools = ['scripts/roll-up.mjs', 'node_modules/@microsoft/api-extractor/package.json'];
  for (const file of tools) hash.update(readFileSync(join(root, file)));
  for (const file of globSync('.types/**/*.d.ts', { cwd: folder }).sort()) {
    hash.update(`\n${file}\n`).update(readFileSync(join(folder, file)));
  }
  const described = {
    name: manifest.name,
    folder,
    entries,
    additions,
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
