// Builds every package, or those named (`core tracer`): CommonJS with esbuild, an ES module around each entry, and
// declarations with tsc. docs/rationale.md says why CommonJS.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const named = process.argv.slice(2);
const folders = globSync('packages/*/package.json', { cwd: root })
  .map(dirname)
  .filter((folder) => named.length === 0 || named.includes(basename(folder)))
  .sort();

const target = 'node22.15';
const readable = {
  // Names stay as they are: stacks and profiles are read by people.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node prints the whole line that threw an uncaught error, and that line may be ours.
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
};
const MODULE_URL = '__moduleUrl';
// A bundler may leave no `__filename`.
const DECLARE_MODULE_URL = `var ${MODULE_URL} = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : undefined;`;

await Promise.all(folders.map(bundle));
declarations();

async function bundle(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const entries = entryPoints(manifest);
  // As ES modules first: only these does esbuild split into what several entries share.
  const { outputFiles, metafile } = await build({
    metafile: true,
    write: false,
    absWorkingDir: join(root, folder),
    entryPoints: entries.map((entry) => `./src/${entry}.ts`),
    outdir: 'dist',
    outbase: 'src',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    packages: 'external',
    splitting: entries.length > 1,
    platform: 'node',
    target,
    format: 'esm',
    sourcemap: 'inline',
    ...readable,
    sourcesContent: false,
    define: { __VERSION__: JSON.stringify(manifest.version) },
  });
  const written = new Set(await Promise.all(outputFiles.map(writeCommonJs)));
  for (const entry of entries) {
    const { exports } = metafile.outputs[`dist/${entry}.cjs`];
    written.add(writeModule(join(root, folder, 'dist', entry), exports, isCommand(manifest, entry)));
  }
  for (const file of Object.values(manifest.bin ?? {})) chmodSync(join(root, folder, file), 0o755);
  prune(folder, written);
}

async function writeCommonJs({ path, text }) {
  const { code, map } = await transform(text, {
    sourcefile: path,
    format: 'cjs',
    platform: 'node',
    target,
    sourcemap: 'external',
    sourcesContent: false,
    ...readable,
    define: { 'import.meta.url': MODULE_URL },
    banner: `'use strict';${/\bimport\.meta\b/.test(text) ? DECLARE_MODULE_URL : ''}`,
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code}//# sourceMappingURL=${basename(path)}.map\n`);
  writeFileSync(`${path}.map`, map);
  return path;
}

/** The ES module of an entry holds no code: `import` and `require` share one instance of everything. */
function writeModule(path, names, isCommand) {
  const lines = isCommand ? ['#!/usr/bin/env node'] : [];
  const implementation = `'./${basename(path)}.cjs'`;
  // By name: not every bundler takes the default import of CommonJS for its `module.exports`.
  lines.push(
    names.length === 0
      ? `import ${implementation};`
      : `export { ${names.sort().join(', ')} } from ${implementation};`,
  );
  writeFileSync(`${path}.js`, `${lines.join('\n')}\n`);
  return `${path}.js`;
}

function isCommand(manifest, entry) {
  return Object.values(manifest.bin ?? {}).includes(`dist/${entry}.js`);
}

/** Removes what an earlier build left, but never a file that is in use now. */
function prune(folder, written) {
  for (const file of globSync('dist/**/*.{js,cjs,map}', { cwd: join(root, folder) })) {
    const path = join(root, folder, file);
    if (!written.has(path.replace(/\.cjs\.map$/, '.cjs'))) rmSync(path);
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
