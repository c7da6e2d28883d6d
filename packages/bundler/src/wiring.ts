import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import { findPlugins, type InstalledPlugin, readApplication, type StatedTarget } from '@clew/node/internal';
import semver from 'semver';
import type { BundleOptions } from './bundle-options.ts';
import { bundledClew, resolveFrom } from './bundled-clew.ts';
import { isSameFile } from './equivalent-files.ts';
import { type HandedModule, withHandOver } from './hand-over.ts';
import { type Package, Packages } from './package-of.ts';

type ModuleTarget = Extract<StatedTarget, { module: string }>;

const CLEW = '@clew/node';
/** The entries of `@clew/node` that start it. */
const CLEW_ENTRIES = ['dist/index.cjs', 'dist/register.cjs'];

/** What the plugin adds to the modules of one build. */
export class Wiring {
  readonly #options: Required<BundleOptions>;
  readonly #plugins: readonly InstalledPlugin[];
  readonly #targets: ReadonlyMap<string, readonly ModuleTarget[]>;
  readonly #packages = new Packages();

  constructor(options: Required<BundleOptions>) {
    this.#options = options;
    this.#plugins = findPlugins(readApplication(join(options.root, 'package.json')));
    this.#targets = targetsByModule(this.#plugins);
  }

  /**
   * The ES module to evaluate before the application; `undefined` if something else starts Clew. Not the CommonJS file
   * itself: the modules that Rollup's plugin for CommonJS generates import such files without evaluating them.
   */
  get startFile(): string | undefined {
    const { start, root } = this.#options;
    return start === 'bundle' ? resolveFrom(root, `${CLEW}/register`).replace(/\.cjs$/, '.js') : undefined;
  }

  /** Whether `wire` changes the module in this file. */
  concerns(path: string): boolean {
    const found = this.#packages.of(path);
    return found !== undefined && (this.#isClew(found, path) || this.#handed(found, path).length > 0);
  }

  /** Returns the changed code of a module; `undefined` if Clew needs no change. */
  async wire(path: string, code: string): Promise<string | undefined> {
    const found = this.#packages.of(path);
    if (found === undefined) return undefined;
    if (this.#isClew(found, path)) {
      const { root, packages } = this.#options;
      return `'use strict';${bundledClew(root, this.#plugins, packages)}${code}`;
    }
    const modules = this.#handed(found, path);
    return modules.length === 0 ? undefined : withHandOver(code, path, modules);
  }

  /** Returns warnings about libraries in the bundle that are not traced, given the files in it. */
  warnings(paths: Iterable<string>): string[] {
    if (this.#plugins.length === 0)
      return [`found no plugins in ${this.#options.root}: install them, such as @clew/instrumentation-http`];
    const wired = new Set<Package>();
    const seen = new Set<Package>();
    for (const path of paths) {
      const found = this.#packages.of(path);
      if (found === undefined) continue;
      seen.add(found);
      if (this.#handed(found, path).length > 0) wired.add(found);
    }
    return [...seen].flatMap((each) => (wired.has(each) ? [] : (this.#reason(each) ?? [])));
  }

  #reason({ name, version }: Package): string | undefined {
    const mains = (this.#targets.get(name) ?? []).filter(({ file }) => file === undefined);
    if (mains.length === 0) return undefined;
    if (mains.some((target) => accepts(target, version)))
      return `${name} ${version} is not traced: the bundle does not contain its main module`;
    const ranges = mains.flatMap(({ versions = [] }) => versions).join(' || ');
    return `${name} ${version} is not traced: the plugin supports ${ranges}`;
  }

  #isClew({ name, folder }: Package, path: string): boolean {
    const isBundled = this.#options.start !== 'preload';
    return isBundled && name === CLEW && CLEW_ENTRIES.includes(inside(folder, path));
  }

  #handed({ name, version, folder, manifest }: Package, path: string): HandedModule[] {
    const targets = this.#targets.get(name) ?? [];
    const files = targets
      .filter((target) => accepts(target, version) && isSameFile(manifest, inside(folder, path), target.file))
      .map(({ file }) => file);
    return [...new Set(files)].map((file) => ({ module: name, version, file }));
  }
}

function targetsByModule(plugins: readonly InstalledPlugin[]): Map<string, ModuleTarget[]> {
  const targets = plugins.flatMap((plugin) => plugin.targets).filter((target) => 'module' in target);
  return Map.groupBy(
    targets.filter(({ module }) => !isBuiltin(module)),
    ({ module }) => module,
  );
}

/** A prerelease counts as the version itself, as with module hooks. */
function accepts({ versions = ['*'] }: ModuleTarget, version: string): boolean {
  const [released = version] = version.split('-');
  return versions.some((range) => semver.satisfies(released, range));
}

function inside(folder: string, path: string): string {
  return relative(folder, path).replaceAll(sep, '/');
}
