import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A client library that is installed. */
export interface ClientLibrary {
  readonly name: string;
  load(): unknown;
}

/**
 * Finds one of these packages, without loading it. It may be installed for the main file, for the working directory, or
 * for this package.
 *
 * @throws {TypeError} if no client library is installed; the message contains the command that installs one
 */
export function findLibrary(names: readonly string[], target: string): ClientLibrary {
  for (const folder of startingPoints()) {
    const require = createRequire(join(folder, 'package.json'));
    for (const name of names) {
      try {
        const path = require.resolve(name);
        return { name, load: () => require(path) };
      } catch {
        // It may be installed under another name, or for another folder.
      }
    }
  }
  const choice = names.join(' or ');
  throw new TypeError(
    `@clew/osprofiler: writing points to ${target} needs the package ${choice}: run npm install ${names[0]}`,
  );
}

function startingPoints(): Set<string> {
  const folders = new Set<string>();
  const [, main] = process.argv;
  try {
    const folder = process.cwd();
    if (main !== undefined) {
      folders.add(dirname(resolve(folder, main)));
      folders.add(dirname(realpathSync(resolve(folder, main))));
    }
    folders.add(folder);
  } catch {
    // The folder was removed, or there is no main file.
  }
  // Unknown in a bundle as CommonJS.
  if (import.meta.url) folders.add(dirname(fileURLToPath(import.meta.url)));
  return folders;
}
