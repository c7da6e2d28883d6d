import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall } from './apt-install.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MISSING =
  'these tests need Chromium: set CHROMIUM_PATH to its binary, or install it (apt-get install chromium)';

/**
 * Finds Chromium: the binary of `CHROMIUM_PATH`, else one on the path, else installs it if that is possible (as root,
 * on Debian). Throws with one line that says how to provide it.
 */
export function findChromium(): string {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new Error(`CHROMIUM_PATH: no file ${named}`);
  }
  const found = onPath() ?? (aptInstall('chromium') ? onPath() : undefined);
  if (found === undefined) throw new Error(MISSING);
  return found;
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}
