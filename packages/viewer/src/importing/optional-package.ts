import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Thrown if the client of a storage is not installed; the message contains the command that installs it. */
export class MissingClientError extends Error {
  override readonly name = 'MissingClientError';
}

/**
 * Loads the client of a storage from the current folder, or else from where this package is installed. Throws
 * MissingClientError.
 */
export function loadClient(scheme: string, name: string, entry = name): unknown {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve(entry);
    } catch {
      // Not installed there.
      continue;
    }
    return require(path);
  }
  throw new MissingClientError(`${scheme}:// needs the package ${name}: npm install ${name}`);
}
