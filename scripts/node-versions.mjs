// The versions of Node on which Clew is tested, found or installed from the npm registry into `.cache/node`.
// `node scripts/node-versions.mjs 22.23.3 26` prints the path of each executable, one per line.
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const windows = process.platform === 'win32';
const binary = join('node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');

/** The oldest version of Node that Clew supports. */
export const oldestNode = '22.15.0';

/** One version of each supported release line, oldest first. */
export const nodeLines = ['22.23.3', '24.21.0', '26.10.0'];

/** Every pinned version, oldest first. */
export const nodeVersions = [oldestNode, ...nodeLines];

const installs = new Map();

/**
 * Returns the path of a Node executable for an exact version from `nodeVersions`, or for a release line (`24`): the
 * running one, the repository's own, or one installed under `.cache/node` (once, with a line on stderr).
 */
export function nodeBinary(wanted) {
  const version = nodeLines.find((line) => line.startsWith(`${wanted}.`)) ?? wanted;
  if (!nodeVersions.includes(version)) {
    throw new RangeError(`expected a Node of ${nodeVersions.join(', ')}, got "${wanted}"`);
  }
  if (!installs.has(version)) installs.set(version, findOrInstall(version));
  return installs.get(version);
}

async function findOrInstall(version) {
  if (process.version === `v${version}`) return process.execPath;
  const folder = join(root, '.cache', 'node', version);
  for (const candidate of [join(root, binary), join(folder, binary)]) {
    if (await isNode(candidate, version)) return candidate;
  }
  process.stderr.write(`clew: installing Node ${version} into .cache/node (once, about 50 MB) …\n`);
  await install(version, folder);
  if (await isNode(join(folder, binary), version)) return join(folder, binary);
  throw new Error(`Node ${version} could not be installed from the npm registry: is it reachable?`);
}

/** Installs into a temporary folder first, so that concurrent installations never use an incomplete one. */
async function install(version, folder) {
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  try {
    await writeFile(join(draft, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }\n');
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', [...args, `node@${version}`], { cwd: draft, shell: windows });
    await rename(draft, folder).catch(async () => {
      // If another process has installed it in the meantime, keep that one: it may already be running.
      if (await isNode(join(folder, binary), version)) return;
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder);
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isNode(path, version) {
  try {
    await access(path);
    const { stdout } = await run(path, ['--version']);
    return stdout.trim() === `v${version}`;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const wanted of process.argv.slice(2)) process.stdout.write(`${await nodeBinary(wanted)}\n`);
}
