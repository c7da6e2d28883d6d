// The versions of Node on which Clew is tested, found or installed from the npm registry into `.cache/node`.
// `node scripts/node-versions.mjs 22.23.3 26` prints the path of each executable, one per line.
import { fileURLToPath } from 'node:url';
import { npmBinary } from './npm-binaries.mjs';

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
  return npmBinary({
    name: 'node',
    title: 'Node',
    version,
    binary: 'node/bin/node',
    greeting: `v${version}`,
    megabytes: 50,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const wanted of process.argv.slice(2)) process.stdout.write(`${await nodeBinary(wanted)}\n`);
}
