import { guard } from './failures.ts';
import { isInRange } from './package-version.ts';

/** A module inside a bundle. `@clew/bundler` adds code to it that publishes its exports when it has been evaluated. */
export interface BundledModule {
  /** The package's own name, even if it is installed under an alias. */
  readonly module: string;
  readonly version: string;
  /** The file, as the target names it. `undefined` for the main module. */
  readonly file?: string;
  readonly exports: unknown;
}

/** A plugin inside a bundle: its declaration in its package.json, and how to load its code. */
export interface BundledPlugin {
  readonly name: string;
  readonly class: string;
  readonly targets: readonly object[];
  load(): unknown;
}

/** The state that the code of a bundle shares with Clew, inside or outside the bundle. */
export interface Bundle {
  /** The modules that have been evaluated, so that plugins which start later patch them as well. */
  readonly modules: BundledModule[];
  readonly listeners: Set<(module: BundledModule) => void>;
  /** The plugins that the bundle contains; `undefined` if it does not contain Clew, or is not made with `@clew/bundler`. */
  plugins?: readonly BundledPlugin[];
  /** Packages that are loaded by name. */
  packages?: Readonly<Record<string, () => unknown>>;
}

/** Shared by all copies of this package in the process. The code that `@clew/bundler` generates uses the same key. */
const KEY = Symbol.for('clew.bundle');
const shared = globalThis as { [KEY]?: Bundle };

/** Returns the state shared with bundles in this process. */
export function bundle(): Bundle {
  const known = shared[KEY];
  if (known !== undefined) return known;
  const created: Bundle = { modules: [], listeners: new Set() };
  // Where the application forbids new globals, no bundle can use it.
  Reflect.set(shared, KEY, created);
  return created;
}

/**
 * Calls `onLoad` with the exports of a module in a bundle: now if it has been evaluated, otherwise when it is. Returns a
 * function that stops it.
 */
export function watchBundled(
  target: { readonly module: string; readonly versions?: readonly string[]; readonly file?: string },
  onLoad: (moduleExports: unknown) => void,
): () => void {
  const listener = (evaluated: BundledModule) => {
    if (evaluated.module !== target.module || evaluated.file !== target.file) return;
    guard(`a bundled ${target.module}`, () => {
      if (isAccepted(evaluated.version, target.versions)) onLoad(evaluated.exports);
    });
  };
  const { modules, listeners } = bundle();
  for (const each of modules) listener(each);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** `@clew/bundler` has checked the version. The plugin in this process may be another version with other ranges. */
function isAccepted(version: string, ranges: readonly string[] = ['*']): boolean {
  return ranges.some((range) => {
    try {
      return isInRange(version, range);
    } catch {
      return true;
    }
  });
}
