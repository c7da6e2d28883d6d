import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { InstalledPlugin } from '@clew/node/internal';
import { BUNDLE } from './hand-over.ts';

const ALWAYS = ['@clew/sampling'];

/** Returns the path of an entry of a package, from the application or from this package. Throws if it is not installed. */
export function resolveFrom(root: string, specifier: string): string {
  try {
    return createRequire(join(root, 'package.json')).resolve(specifier);
  } catch {
    return createRequire(import.meta.url).resolve(specifier);
  }
}

/**
 * Returns code that registers the plugins and packages in the bundle with Clew, which at run time has no `node_modules`
 * to search.
 */
export function bundledClew(root: string, plugins: readonly InstalledPlugin[], packages: readonly string[]) {
  const stated = plugins.map(({ name, className, targets, folder }) => {
    const file = createRequire(join(folder, 'package.json')).resolve(name);
    const statement = JSON.stringify({ name, class: className, targets });
    return `${statement.slice(0, -1)},load:()=>${requires(file)}}`;
  });
  const loaders = [...ALWAYS, ...packages].map(
    (name) => `${JSON.stringify(name)}:()=>${requires(resolveFrom(root, name))}`,
  );
  return `Object.assign(${BUNDLE},{plugins:[${stated.join()}],packages:{${loaders.join()}}});`;
}

function requires(file: string): string {
  return `require(${JSON.stringify(file)})`;
}
