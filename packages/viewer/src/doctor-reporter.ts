// `clew doctor` loads this module in each Node.js process of an application, before all others. It writes lines of JSON
// about what the process loads, at once, because a process may be killed. It prints nothing, keeps nothing running, and
// its failures never reach the application. It must also load in versions of Node.js that Clew does not support.
import diagnostics from 'node:diagnostics_channel';
import { appendFileSync, readFileSync } from 'node:fs';
import module, { type ResolveFnOutput } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInternalThread } from 'node:worker_threads';
import type { Observation } from './doctor/observation.ts';

const MAX_CHARS = 4_194_304;
const MAX_FOLDERS = 20_000;
const STATS_INTERVAL_MS = 500;
const HANDLE = Symbol.for('clew.handle');

interface Package {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

const folder = process.env.CLEW_DOCTOR_FOLDER;
// Older versions of Node.js load this module in the thread for module hooks as well, where it would break them.
if (folder !== undefined && !isInternalThread) {
  const file = join(folder, `${process.pid}-${process.hrtime.bigint()}.jsonl`);
  quietly(() => observe((line) => appendFileSync(file, line, { mode: 0o600 })));
}

function observe(write: (line: string) => void): void {
  let remaining = MAX_CHARS;
  const written = new Set<string>();
  const report = (observation: Observation) =>
    quietly(() => {
      const line = `${JSON.stringify(observation)}\n`;
      if (line.length > remaining || written.has(line)) return;
      remaining -= line.length;
      written.add(line);
      write(line);
    });
  report({ kind: 'process', pid: process.pid, node: process.version, main: process.argv[1] ?? '' });
  diagnostics.subscribe('clew:self-report', (message) => report(message as Observation));
  watchModules(report);
  watchSpans(report);
}

/** Reports the packages and the modules of Node.js that are loaded by name; files of the same package are not. */
function watchModules(report: (observation: Observation) => void): void {
  const packageAt = packageReader();
  const packages = new Set<string>();
  const record = (specifier: string, parent: string | undefined, url: string) => {
    if (specifier.startsWith('.')) return;
    const from = parent === undefined ? '' : (packageAt(parent)?.name ?? '');
    if (url.startsWith('node:')) {
      report({ kind: 'builtin', name: url.slice('node:'.length), from });
      return;
    }
    const found = packageAt(url);
    const load = `${found?.folder} ${from}`;
    if (found === undefined || packages.has(load)) return;
    packages.add(load);
    report({ kind: 'package', ...found, from });
  };
  // Missing in the versions of Node.js that Clew does not support.
  module.registerHooks?.({
    resolve(specifier, context, nextResolve) {
      try {
        const resolved = nextResolve(specifier, context) as ResolveFnOutput;
        quietly(() => record(specifier, context.parentURL, resolved.url));
        return resolved;
      } catch (error) {
        if (specifier.startsWith('@clew/')) report({ kind: 'unresolved', specifier });
        throw error;
      }
    },
  });
}

/** Finds the package of a file: the nearest package.json with a name. */
function packageReader(): (url: string) => Package | undefined {
  const known = new Map<string, Package | undefined>();
  const at = (path: string): Package | undefined => {
    if (known.has(path)) return known.get(path);
    const found = read(path) ?? (dirname(path) === path ? undefined : at(dirname(path)));
    if (known.size < MAX_FOLDERS) known.set(path, found);
    return found;
  };
  return (url) => (url.startsWith('file:') ? at(dirname(fileURLToPath(url))) : undefined);
}

function read(path: string): Package | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    return typeof name === 'string' ? { name, version: String(version ?? ''), folder: path } : undefined;
  } catch {
    return undefined;
  }
}

/** Reports the counts of spans while the process runs, because a signal may end it, and at its exit. */
function watchSpans(report: (observation: Observation) => void): void {
  const reportSpans = () =>
    quietly(() => {
      const stats = (globalThis as { [HANDLE]?: { stats(): Stats | undefined } })[HANDLE]?.stats();
      if (stats === undefined) return;
      const { spansStarted, spansEnded, spansExported, spansHandedOver } = stats;
      const exported = spansExported + spansHandedOver;
      report({ kind: 'spans', started: spansStarted, ended: spansEnded, exported });
    });
  setInterval(reportSpans, STATS_INTERVAL_MS).unref();
  process.on('exit', reportSpans);
}

interface Stats {
  readonly spansStarted: number;
  readonly spansEnded: number;
  readonly spansExported: number;
  readonly spansHandedOver: number;
}

function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // For example, the permission model forbids to write the file: `clew doctor` reports that no process has reported.
  }
}
