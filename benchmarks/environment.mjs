import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { folder } from './children.mjs';
import { denoVersion } from './deno.mjs';

/** The conditions of a measurement: the date, the machine and the versions of all measured packages. */
export function environment() {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // All packages of Clew have the same version.
  const named = Object.keys(dependencies).filter(
    (name) => !name.startsWith('@clew/') || name === '@clew/node',
  );
  const versions = named.map((name) => [name, versionOf(name)]);
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 1e9),
      platform: `${process.platform} ${process.arch}`,
      node: process.versions.node,
    },
    versions: { ...Object.fromEntries(versions), deno: denoVersion },
  };
}

function versionOf(name) {
  const path = findPackageJSON(name, import.meta.url);
  return path === undefined ? 'missing' : JSON.parse(readFileSync(path, 'utf8')).version;
}
