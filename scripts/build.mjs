// Builds all packages, or the named ones (`core tracer`): CommonJS with esbuild, an ES module wrapper for each
// entry, and declarations (scripts/declarations.mjs). docs/rationale.md explains the choice of CommonJS.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { buildPage } from './build-page.mjs';
import { writeDeclarations } from './declarations.mjs';
import { exportAsProperties, exportsOf, MODULE_EXPORTS, namesForNode } from './exports.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const named = process.argv.slice(2);
const packages = globSync('packages/*/package.json', { cwd: root })
  .map(dirname)
  .filter((folder) => named.length === 0 || named.includes(basename(folder)))
  .sort()
  .map((folder) => ({
    folder,
    manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')),
  }));

/**
 * Sources that are loaded when one of their exports is first used, instead of with the entry. Each needs a file of its own,
 * so the list contains only those that few applications use.
 */
const late = {
  '@clew/core': ['context/strict-context-manager', 'propagation/carriers/sql-comment'],
  '@clew/sampling': ['matching/regex', 'reading/parse-yaml'],
};

/**
 * Sources that lazily loaded ones share with their entry. They are loaded at the start, because every application uses
 * them, and a later `require` fails if a test has replaced `node:fs`.
 */
const sharedWithLate = { '@clew/core': ['context/bind'] };

const target = 'node22.15';
/** Nothing is minified, so that a stack trace can be read without source maps (docs/rationale.md explains why). */
const readable = {
  // Node prints the whole line of an uncaught error. esbuild writes an expression of several lines as one.
  lineLimit: 120,
  logLevel: 'warning',
};
/** Replaces `import.meta.url`. */
const MODULE_URL = '__moduleUrl';
// A bundler may remove `__filename`.
const DECLARE_MODULE_URL = `var ${MODULE_URL} = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : undefined;`;

await Promise.all(packages.map(bundle));
await writeDeclarations(root, packages);

async function bundle({ folder, manifest }) {
  const entries = entryPoints(manifest);
  const sourcesIn = (table) => (table[manifest.name] ?? []).map((source) => `src/${source}.ts`);
  const lateSources = sourcesIn(late);
  const split = [...lateSources, ...sourcesIn(sharedWithLate)];
  // ES modules first: esbuild can split shared code only from these.
  const { outputFiles, metafile } = await build({
    metafile: true,
    write: false,
    absWorkingDir: join(root, folder),
    // Sources that are entry points get chunks of their own.
    entryPoints: [...entries.map((entry) => `src/${entry}.ts`), ...split],
    outdir: 'dist',
    outbase: 'src',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    packages: 'external',
    splitting: entries.length + split.length > 1,
    platform: 'node',
    target,
    format: 'esm',
    ...readable,
    legalComments: 'none',
    define: { __VERSION__: JSON.stringify(manifest.version) },
  });
  const outputs = Object.entries(metafile.outputs);
  const lateChunks = outputs
    .filter(([, { inputs }]) => Object.keys(inputs).some((source) => lateSources.includes(source)))
    .map(([path]) => basename(path, '.cjs'));
  expectNoCycle(folder, metafile.outputs, lateChunks);
  const unused = outputs
    .filter(([, { entryPoint }]) => lateSources.includes(entryPoint))
    .map(([path]) => path);
  const used = outputFiles.filter(({ path }) => !unused.includes(relative(join(root, folder), path)));
  const written = new Set(await Promise.all(used.map((file) => writeCommonJs(file, lateChunks))));
  for (const entry of entries) {
    const { exports } = metafile.outputs[`dist/${entry}.cjs`];
    written.add(writeModule(join(root, folder, 'dist', entry), exports, isCommand(manifest, entry)));
  }
  if (existsSync(join(root, folder, 'web'))) written.add(await buildPage(join(root, folder)));
  for (const file of Object.values(manifest.bin ?? {})) chmodSync(join(root, folder, file), 0o755);
  // npm packs a licence only from the package's own folder.
  copyFileSync(join(root, 'LICENSE'), join(root, folder, 'LICENSE'));
  prune(folder, manifest, written);
}

/** In a cycle, a file would read the exports of one that has not finished. Late chunks are required when they are used. */
function expectNoCycle(folder, outputs, lateChunks) {
  const finished = new Set();
  const visit = (path, above) => {
    if (above.includes(path))
      throw new Error(`${folder}: files import each other: ${[...above, path].join(' → ')}`);
    if (finished.has(path) || lateChunks.includes(basename(path, '.cjs'))) return;
    for (const { path: imported, external } of outputs[path].imports)
      if (!external) visit(imported, [...above, path]);
    finished.add(path);
  };
  for (const path of Object.keys(outputs)) visit(path, []);
}

async function writeCommonJs({ path, text }, lateChunks) {
  const exported = exportsOf(text);
  const { code } = await transform(exportAsProperties(keepNamesOfSources(text), exported, lateChunks), {
    sourcefile: path,
    format: 'cjs',
    platform: 'node',
    target,
    ...readable,
    legalComments: 'inline',
    define: { 'import.meta.url': MODULE_URL },
    banner: `'use strict';${/\bimport\.meta\b/.test(text) ? DECLARE_MODULE_URL : ''}`,
    footer: namesForNode(exported),
  });
  expectOneByteCharacters(path, code);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lateChunks.reduce(requireLate, code.replaceAll(MODULE_EXPORTS, 'module.exports')));
  return path;
}

/**
 * V8 keeps the text of a loaded file, in two bytes a character if a single one does not fit into Latin-1. esbuild
 * escapes such characters in strings, but not in the comments that it keeps.
 */
function expectOneByteCharacters(path, code) {
  const line = code.split('\n').find((each) => /[^\0-\xff]/.test(each));
  if (line !== undefined)
    throw new Error(`${relative(root, path)}: expected characters of Latin-1, got: ${line.trim()}`);
}

/** Keeps the comments `// src/NAME.ts`, which show where a line of a stack trace comes from: esbuild removes all others. */
function keepNamesOfSources(text) {
  return text.replaceAll(/^\/\/ (src\/\S+)$/gm, '//! $1');
}

/** Requires a chunk where its exports are used, instead of at the start of the file. */
function requireLate(code, chunk) {
  const name = `import_${chunk.replaceAll('-', '_')}`;
  const required = `require("./${chunk}.cjs")`;
  return code
    .replace(new RegExp(`\\b${name}\\s*=\\s*${RegExp.escape(required)}`), name)
    .replaceAll(new RegExp(`\\b${name}\\s*\\.`, 'g'), `(${name}??=${required}).`);
}

/** An entry's ES module contains no code, so that `import` and `require` share one instance of everything. */
function writeModule(path, names, isCommand) {
  const lines = isCommand ? ['#!/usr/bin/env node'] : [];
  const implementation = `'./${basename(path)}.cjs'`;
  // Export each name, because not every bundler treats `module.exports` as the default import of CommonJS.
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

/** Removes the files of an earlier build, except those still in use. */
function prune(folder, manifest, written) {
  const dist = join(root, folder, 'dist');
  const named = new Set(filesNamedBy(manifest).map((file) => join(root, folder, file)));
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !written.has(path) && !named.has(path)) rmSync(path);
  }
  for (const each of readdirSync(dist, { withFileTypes: true })) {
    if (each.isDirectory()) rmSync(join(dist, each.name), { recursive: true });
  }
}

/** Returns the `./dist/NAME.js` files named in a package's `exports` and `bin`. */
function entryPoints(manifest) {
  const files = filesNamedBy(manifest).filter((file) => /^(\.\/)?dist\/.+\.js$/.test(file));
  return [...new Set(files.map((file) => file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')))];
}

/** Returns every file behind a condition of `exports`, and those of `bin`. */
function filesNamedBy({ exports = {}, bin = {} }) {
  const filesIn = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(filesIn));
  return [...filesIn(exports), ...filesIn(bin)];
}
