// Entry point of all root commands. Runs on any version of Node, without installed packages: installs dependencies
// if they are missing or outdated, builds if a source has changed, then runs the given script with the pinned
// version of Node. Usage: node scripts/setup.mjs [--no-build] [--force-build] [script [args…]]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeBin = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

const argv = process.argv.slice(2);
const flags = new Set();
while (argv[0]?.startsWith('--')) flags.add(argv.shift());
const [script, ...scriptArgs] = argv;

install();
if (!flags.has('--no-build')) build(flags.has('--force-build'));
if (script) {
  const { status, signal } = run(nodeBin, [join(root, script), ...scriptArgs]);
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}

function install() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  if (upToDate('install', hashOf([lock])) && existsSync(nodeBin)) return;
  log('installing dependencies (once, a few minutes) …');
  // Not `npm ci`: the lock file lists one platform's optional binaries only; `npm install` adds this platform's.
  const args = ['install', '--no-save', '--loglevel=error', '--no-audit', '--no-fund'];
  step('npm', args, 'npm install failed: is the npm registry reachable?');
  stamp('install', hashOf([lock]));
}

function build(force) {
  const sources = globPaths();
  const key = hashOf(sources.map((path) => `${path}:${statSync(join(root, path)).mtimeMs}`));
  if (!force && upToDate('build', key)) return;
  log('building …');
  step(nodeBin, [join(root, 'scripts', 'build.mjs')], 'the build failed: see the messages above');
  stamp('build', key);
}

function globPaths() {
  // fs.globSync requires Node 22: with an older version, the pinned Node lists the files.
  const patterns = [
    'packages/*/src/**/*',
    'packages/*/web/**/*',
    'packages/*/package.json',
    'packages/*/tsconfig.json',
    'tsconfig.base.json',
    'scripts/build.mjs',
    'scripts/build-page.mjs',
    'scripts/declarations.mjs',
    'scripts/exports.mjs',
    'scripts/roll-up.mjs',
    'LICENSE',
  ];
  if (fs.globSync) return fs.globSync(patterns, { cwd: root }).sort();
  const code = `console.log(JSON.stringify(require('fs').globSync(${JSON.stringify(patterns)}).sort()))`;
  const listed = spawnSync(nodeBin, ['--no-warnings', '-e', code], { cwd: root, encoding: 'utf8' });
  return JSON.parse(listed.stdout);
}

function step(command, args, failure) {
  const { status } = run(command, args);
  if (status !== 0) {
    log(failure);
    process.exit(status || 1);
  }
}

function run(command, args) {
  const path = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;
  return spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
  });
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex');
}

function stampFile(name) {
  return join(root, '.cache', `${name}.stamp`);
}

function upToDate(name, key) {
  return existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === key;
}

function stamp(name, key) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(stampFile(name), key);
}

function log(text) {
  process.stderr.write(`clew: ${text}\n`);
}
