// Packs the given packages, and prints one line for each problem that publint and "are the types wrong?" find, and for
// each missing file.
// Problems with TypeScript's oldest resolution, `node10`, are ignored: see docs/rationale.md.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const folder = mkdtempSync(join(tmpdir(), 'clew-packed-'));
try {
  const args = ['pack', '--silent', '--pack-destination', folder, ...process.argv.slice(2)];
  const { status, stderr } = spawnSync('npm', args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  for (const file of globSync('*.tgz', { cwd: folder }).sort()) await check(readFileSync(join(folder, file)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function check(tarball) {
  const data = new Uint8Array(tarball);
  const contents = createPackageFromTarballData(data);
  const { pkg, messages } = await publint({ pack: { tarball: data.buffer }, strict: true });
  for (const message of messages)
    console.log(`${pkg.name}: ${formatMessage(message, pkg, { color: false })}`);
  for (const file of ['LICENSE', 'README.md'])
    if (!contents.fileExists(`/node_modules/${pkg.name}/${file}`)) console.log(`${pkg.name}: has no ${file}`);
  const { types, problems = [] } = await checkPackage(contents);
  if (!types) console.log(`${pkg.name}: has no types`);
  for (const { kind, ...where } of problems) {
    if (where.resolutionKind !== 'node10') console.log(`${pkg.name}: ${kind} ${JSON.stringify(where)}`);
  }
}
