import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An installed package: the nearest package.json above a file that has a name and a version. */
export interface Package {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Finds the packages of files. Each folder is read once. */
export class Packages {
  readonly #byFolder = new Map<string, Package | undefined>();

  /** Returns the package of a file, or `undefined` if it does not belong to a package. */
  of(file: string): Package | undefined {
    return this.#above(dirname(file));
  }

  #above(folder: string): Package | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const parent = dirname(folder);
    const found = readPackage(folder) ?? (parent === folder ? undefined : this.#above(parent));
    this.#byFolder.set(folder, found);
    return found;
  }
}

/** A package.json inside a package, such as `dist/esm/package.json` with the type of its files, has no name. */
function readPackage(folder: string): Package | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const { name, version } = manifest as { name?: unknown; version?: unknown };
    if (typeof name !== 'string' || typeof version !== 'string') return undefined;
    return { folder, name, version, manifest: manifest as Package['manifest'] };
  } catch {
    return undefined;
  }
}
