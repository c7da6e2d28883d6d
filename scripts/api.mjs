// Compares the API reports of the last build with those in the repository (`packages/NAME/api`). `npm run api` lists the
// reports that differ, `npm run api -- --write` accepts them. integration-tests/repository/api.test.ts fails if one differs.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const write = process.argv.includes('--write');
/** The packages that export more than a plugin and its options. */
const reported = ['bundler', 'core', 'node', 'osprofiler', 'sampling', 'testing', 'tracer', 'viewer'];

for (const name of reported) {
  const built = reportsIn(`packages/${name}/.types/api`);
  const decided = reportsIn(`packages/${name}/api`);
  for (const file of new Set([...built.keys(), ...decided.keys()])) {
    if (built.get(file) === decided.get(file)) continue;
    const path = `packages/${name}/api/${file}`;
    console.log(write ? `${path}: written` : `${path}: differs from the build`);
    if (write) accept(join(root, path), built.get(file));
    else process.exitCode = 1;
  }
}

function accept(path, report) {
  if (report === undefined) return rmSync(path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, report);
}

function reportsIn(folder) {
  const files = globSync('*.api.md', { cwd: join(root, folder) });
  return new Map(files.map((file) => [file, readFileSync(join(root, folder, file), 'utf8')]));
}
