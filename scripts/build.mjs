// Builds every package, or those named (`core tracer`): one ES-module file an entry with esbuild, declarations with tsc.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const named = process.argv.slice(2);
const folders = globSync('packages/*/package.json', { cwd: root })
  .map(dirname)
  .filter((folder) => named.length === 0 || named.includes(basename(folder)))
  .sort();

await Promise.all(folders.map(bundle));
declarations();

async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const entries = entryPoints(manifest);
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: join(root, folder),
    entryPoints: entries.map((entry) => `./src/${entry}.ts`),
    outdir: 'dist',
    outbase: 'src',
    bundle: true,
    packages: 'external',
    splitting: entries.length > 1,
    platform: 'node',
    target: 'node22.15',
    format: 'esm',
    sourcemap: true,
    // Names stay as they are: stacks and profiles are read by people.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the whole line that threw an uncaught error, and that line may be ours.
    lineLimit: 160,
    sourcesContent: false,
    define: { __VERSION__: JSON.stringify(manifest.version) },
    logLevel: 'warning',
    legalComments: 'none',
  });
  for (const file of Object.values(manifest.bin ?? {})) chmodSync(join(root, folder, file), 0o755);
  prune(folder, new Set(Object.keys(metafile.outputs)));
}

/** Takes away what an earlier build left; never what is in use now. */
function prune(folder, current) {
  for (const file of globSync('dist/**/*.{js,js.map}', { cwd: join(root, folder) })) {
    if (!current.has(file.replaceAll('\\', '/'))) rmSync(join(root, folder, file));
  }
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
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', ...projects], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  for (const folder of projects) declarationsForCommonJs(join(root, folder, 'dist'));
}

/**
 * The same declarations once more, in a folder that says `commonjs`: Node can require ES modules, but TypeScript's
 * `module: node16` does not know it, and refuses declarations of ES modules in CommonJS programs.
 */
function declarationsForCommonJs(dist) {
  const copies = join(dist, 'commonjs');
  rmSync(copies, { recursive: true, force: true });
  for (const file of globSync('**/*.d.ts', { cwd: dist })) cpSync(join(dist, file), join(copies, file));
  writeFileSync(join(copies, 'package.json'), '{ "type": "commonjs" }\n');
}
