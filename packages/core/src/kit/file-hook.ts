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

type Load = (this: { readonly exports: unknown }, filename: string) => void;

/** Shared by all copies of this package in the process. */
const KEY = Symbol.for('clew.hooked-files');
const shared = globalThis as { [KEY]?: Map<string, HookedFile[]> };

/**
 * Calls `onLoad` with the exports of a CommonJS file of a package without a main file. For such a package,
 * require-in-the-middle reports no files at all: it looks for the main file first, and `exports` may name one that does
 * not exist, as in @modelcontextprotocol/sdk 1.
 */
export function hookFile(hooked: HookedFile): void {
  shared[KEY] ??= watchLoads();
  const path = join('node_modules', hooked.module, hooked.file);
  shared[KEY].set(path, [...(shared[KEY].get(path) ?? []), hooked]);
}

function watchLoads(): Map<string, HookedFile[]> {
  const files = new Map<string, HookedFile[]>();
  replace(Module.prototype, 'load', 'clew file hook', (load) => {
    const watched: Load = function (filename) {
      (load as Load).call(this, filename);
      const at = filename.lastIndexOf(`${sep}node_modules${sep}`);
      const found = at < 0 ? undefined : files.get(filename.slice(at + 1));
      if (found === undefined) return;
      for (const each of found) guard(`a hook on ${each.file}`, () => report(each, filename, this.exports));
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
