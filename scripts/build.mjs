// Builds every package: one ES-module file per entry with esbuild, declarations with tsc.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = globSync('packages/*/package.json', { cwd: root }).map(dirname).sort();

await Promise.all(folders.map(bundle));
declarations();

async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const entries = entryPoints(manifest);
  rmSync(join(root, folder, 'dist'), { recursive: true, force: true });
  await build({
    absWorkingDir: join(root, folder),
    entryPoints: entries.map((entry) => `src/${entry}.ts`),
    outdir: 'dist',
    outbase: 'src',
    bundle: true,
    packages: 'external',
    external: entries.map((entry) => `./${entry}.ts`),
    platform: 'node',
    target: 'node22.15',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    define: { __VERSION__: JSON.stringify(manifest.version) },
    logLevel: 'warning',
    legalComments: 'none',
  });
}

/** The `./dist/NAME.js` files that a package's `exports` and `bin` name. */
function entryPoints(manifest) {
  const files = [...Object.values(manifest.exports ?? {}), ...Object.values(manifest.bin ?? {})]
    .map((value) => (typeof value === 'string' ? value : value.default))
    .filter((file) => /^(\.\/)?dist\/.+\.js$/.test(file));
  return [...new Set(files.map((file) => file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')))];
}

function declarations() {
  const projects = folders.filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));
  const solution = { files: [], references: projects.map((path) => ({ path })) };
  writeFileSync(join(root, 'tsconfig.json'), `${JSON.stringify(solution, null, 2)}\n`);
  for (const folder of projects) rmSync(join(root, folder, 'tsconfig.tsbuildinfo'), { force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
