import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bundle } from '@clew/core/internal';
import { startingPoints } from './application.ts';

/**
 * Loads the export named by `package#export`, from the folders where plugins are found. Throws an error that names
 * the missing package or export.
 */
export function loadExport(reference: string): unknown {
  const [name = '', exportName = ''] = reference.split('#');
  const exported = loadPackage(name);
  const value: unknown =
    typeof exported === 'object' && exported !== null ? Reflect.get(exported, exportName) : undefined;
  if (value === undefined) throw new TypeError(`${name} has no export "${exportName}"`);
  return value;
}

/** Loads a package from the bundle, or from the folders where plugins are found. Throws an error if it is in neither. */
export function loadPackage(name: string): unknown {
  const bundled = bundle().packages?.[name];
  if (bundled !== undefined) return bundled();
  for (const folder of startingPoints()) {
    const require = createRequire(join(folder, 'package.json'));
    let path: string;
    try {
      path = require.resolve(name);
    } catch {
      continue;
    }
    return require(path);
  }
  throw new Error(`${name} is not installed`);
}
