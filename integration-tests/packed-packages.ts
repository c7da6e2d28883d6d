// Clew's packages as they are published, for tests that install them into an empty project.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from './run-program.ts';

const packages = join(__dirname, '..', 'packages');

/** Runs npm in a folder, and returns what it prints. */
export async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'npm',
    [...args, '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd, env: cleanEnvironment(), shell: process.platform === 'win32' },
  );
  return stdout;
}

/**
 * Packs packages into a folder, with the packages of Clew that they depend on: `npm install` would look for these in the
 * registry. Returns the paths of the tarballs.
 */
export async function packPackages(folder: string, names: readonly string[]): Promise<string[]> {
  const folders = withDependencies(names).map((name) => join(packages, name));
  const printed = await npm(folder, 'pack', '--silent', ...folders);
  return printed
    .trim()
    .split('\n')
    .map((file) => join(folder, file.trim()));
}

function withDependencies(names: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies))
      if (dependency.startsWith('@clew/')) add(dependency.slice('@clew/'.length));
  };
  for (const name of names) add(name);
  return [...found];
}
