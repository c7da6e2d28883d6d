// Executables from the npm registry that few users need: each is installed into `.cache` when it is first used.
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const windows = process.platform === 'win32';

/** The folder of this repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * An executable of an npm package.
 *
 * `title`: its name in messages. `binary`: its path below `node_modules`, without `.exe`. `greeting`: the first
 * words that `--version` prints. `megabytes`: about how much is downloaded.
 *
 * @typedef {{ name: string, title: string, version: string, binary: string, greeting: string, megabytes: number }} Binary
 */

/**
 * Returns the path of an executable under `.cache/NAME/VERSION`, or of one that is in the repository's own
 * `node_modules` in this version. Installs it if it is in neither, with a line on stderr.
 *
 * @param {Binary} binary
 * @returns {Promise<string>}
 * @throws {Error} if it cannot be installed, or does not run on this machine
 */
export async function npmBinary(binary) {
  const { name, title, version, megabytes } = binary;
  const folder = join(root, '.cache', name, version);
  for (const path of [pathIn(root, binary), pathIn(folder, binary)]) {
    if (await runs(path, binary)) return path;
  }
  process.stderr.write(
    `clew: installing ${title} ${version} into .cache/${name} (once, about ${megabytes} MB) …\n`,
  );
  const problem = await install(binary, folder).catch((error) => error);
  const path = pathIn(folder, binary);
  if (await runs(path, binary)) return path;
  throw new Error(`${title} ${version} could not be installed from the npm registry: is it reachable?`, {
    cause: problem,
  });
}

function pathIn(folder, { binary }) {
  return join(folder, 'node_modules', windows ? `${binary}.exe` : binary);
}

/** Installs into a temporary folder first, so that concurrent installations never use an incomplete one. */
async function install(binary, folder) {
  const { name, version } = binary;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    const project = { private: true, allowScripts: { [name]: true } };
    await writeFile(join(draft, 'package.json'), `${JSON.stringify(project)}\n`);
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', [...args, `${name}@${version}`], { cwd: draft, shell: windows });
    await rename(draft, folder).catch(async () => {
      // If another process has installed it in the meantime, keep that one: it may already be running.
      if (await runs(pathIn(folder, binary), binary)) return;
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function runs(path, { greeting }) {
  try {
    await access(path);
    const { stdout } = await run(path, ['--version']);
    return stdout.startsWith(greeting) && /^\s/.test(stdout.slice(greeting.length));
  } catch {
    return false;
  }
}
