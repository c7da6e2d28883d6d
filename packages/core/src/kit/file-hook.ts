import Module, { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { guard } from './failures.ts';
import { isInRange, versionOf } from './package-version.ts';
import { type AnyFunction, replace } from './wrap.ts';

/** A file of a package, and what to do with its exports. */
export interface HookedFile {
  readonly module: string;
  readonly versions: readonly string[];
  readonly file: string;
  onLoad(moduleExports: unknown): void;
}

/** A CommonJS module that has been loaded. */
export interface LoadedModule {
  exports: unknown;
}

type OnLoad = (module: LoadedModule, filename: string) => void;
type Load = (this: LoadedModule, filename: string) => void;

/** Shared by all copies of this package in the process. */
const KEY = Symbol.for('clew.hooked-files');
const shared = globalThis as { [KEY]?: Map<string, OnLoad[]> };

/**
 * Calls `onLoad` with the exports of a CommonJS file of a package without a main file. For such a package,
 * require-in-the-middle reports no files at all: it looks for the main file first, and `exports` may name one that does
 * not exist, as in @modelcontextprotocol/sdk 1.
 */
export function hookFile(hooked: HookedFile): void {
  watchFile(join('node_modules', hooked.module, hooked.file), (module, filename) =>
    report(hooked, filename, module.exports),
  );
}

/**
 * Calls `onLoad` with a CommonJS file, before its exports reach the code that loads it. `path` is absolute, or begins with
 * `node_modules`.
 */
export function watchFile(path: string, onLoad: OnLoad): void {
  shared[KEY] ??= watchLoads();
  shared[KEY].set(path, [...(shared[KEY].get(path) ?? []), onLoad]);
}

function watchLoads(): Map<string, OnLoad[]> {
  const files = new Map<string, OnLoad[]>();
  replace(Module.prototype, 'load', 'clew file hook', (load) => {
    const watched: Load = function (filename) {
      (load as Load).call(this, filename);
      const at = filename.lastIndexOf(`${sep}node_modules${sep}`);
      const found = files.get(filename) ?? (at < 0 ? undefined : files.get(filename.slice(at + 1)));
      if (found === undefined) return;
      for (const onLoad of found) guard(`a hook on ${filename}`, () => onLoad(this, filename));
    };
    return watched as AnyFunction;
  });
  return files;
}

function report(hooked: HookedFile, filename: string, moduleExports: unknown): void {
  if (hasMain(hooked.module, filename)) return;
  const version = versionOf(filename.slice(0, -hooked.file.length));
  if (hooked.versions.some((range) => isInRange(version, range))) hooked.onLoad(moduleExports);
}

function hasMain(module: string, filename: string): boolean {
  try {
    createRequire(filename).resolve(module, { paths: [dirname(filename)] });
    return true;
  } catch {
    return false;
  }
}
