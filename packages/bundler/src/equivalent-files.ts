import { posix } from 'node:path';

type Manifest = Readonly<Record<string, unknown>>;

const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '/index.js', '/index.cjs', '/index.mjs'];

/**
 * Whether a file of a package is what a target names. A package may contain a file twice, as CommonJS and as an ES module,
 * and a bundler may choose a different one than Node: all files behind one entry of `exports` are the same.
 *
 * @param path the path of the file inside the package, with `/`
 * @param target the file that the target names, or `undefined` for the main module
 */
export function isSameFile(manifest: Manifest, path: string, target: string | undefined): boolean {
  if (target === undefined) return mainFiles(manifest).includes(path);
  if (path === target) return true;
  return filesByEntry(manifest).some((files) => files.includes(target) && files.includes(path));
}

function mainFiles(manifest: Manifest): string[] {
  const { exports, main = 'index.js', module } = manifest;
  const entry = hasSubpaths(exports) ? exports['.'] : exports;
  const named = [main, module].filter((each) => typeof each === 'string');
  // `main` may name a folder, or a file without its extension.
  const files = named.flatMap((each) => EXTENSIONS.map((extension) => normal(each + extension)));
  return [...files, ...leavesOf(entry)];
}

function filesByEntry({ exports }: Manifest): string[][] {
  return hasSubpaths(exports) ? Object.values(exports).map(leavesOf) : [];
}

function hasSubpaths(exports: unknown): exports is Readonly<Record<string, unknown>> {
  return (
    typeof exports === 'object' &&
    exports !== null &&
    !Array.isArray(exports) &&
    Object.keys(exports).some((key) => key.startsWith('.'))
  );
}

/** The files behind all conditions of an entry of `exports`. */
function leavesOf(entry: unknown): string[] {
  if (typeof entry === 'string') return [normal(entry)];
  return typeof entry === 'object' && entry !== null ? Object.values(entry).flatMap(leavesOf) : [];
}

function normal(path: string): string {
  return posix.normalize(path).replace(/\/$/, '');
}
