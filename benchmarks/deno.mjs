// Deno, a runtime with a built-in tracer. It is about 90 MB, so it is installed when it is first measured.
import { join } from 'node:path';
import { npmBinary, root } from '../scripts/npm-binaries.mjs';

export const denoVersion = '2.9.6';

/** Deno's own files stay in this repository, and it looks for no newer version of itself. */
export const denoEnvironment = {
  DENO_DIR: join(root, '.cache', 'deno', 'files'),
  DENO_NO_UPDATE_CHECK: '1',
};

let installed;

/**
 * Resolves to the path of Deno's executable.
 *
 * @throws {Error} if it cannot be installed
 */
export function deno() {
  installed ??= npmBinary({
    name: 'deno',
    title: 'Deno',
    version: denoVersion,
    binary: 'deno/deno',
    greeting: `deno ${denoVersion}`,
    megabytes: 40,
  });
  return installed;
}
