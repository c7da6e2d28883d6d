import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { folder } from './children.mjs';

const root = dirname(dirname(join(folder, 'x')));
const plugins = ['http', 'express', 'koa', 'knex', 'undici'];
const sdkNode = '0.301.0';

/**
 * Counts the packages and megabytes on disk that an installation into an empty folder adds: `@clew/node` and five
 * plugins, packed as they would be published, compared with `@opentelemetry/sdk-node` and the same plugins.
 *
 * @param {boolean} withClew
 * @param {(step: string) => void} progress
 * @returns {Record<string, { packages: number, mb: number }>}
 */
export function measureSize(withClew, progress) {
  const temporary = mkdtempSync(join(tmpdir(), 'clew-size-'));
  try {
    const sizes = {};
    if (withClew) {
      progress('packing and installing clew');
      sizes.clew = sizeOf(installClew(temporary));
    }
    progress('installing OpenTelemetry');
    sizes.otel = sizeOf(install(join(temporary, 'otel'), openTelemetry()));
    return sizes;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Installs `@clew/node` and five plugins as they would be published. Returns the folder.
 *
 * @param {string} temporary
 */
export function installClew(temporary) {
  return install(join(temporary, 'clew'), packed(temporary));
}

/** Packs `@clew/node`, the plugins and all of our packages that they depend on. */
function packed(temporary) {
  const wanted = ['@clew/node', ...plugins.map((name) => `@clew/instrumentation-${name}`)];
  const dependencies = {};
  for (const name of wanted) {
    const manifest = manifestOf(join(root, 'packages', name.slice('@clew/'.length)));
    const inner = Object.keys(manifest.dependencies ?? {}).filter((other) => other.startsWith('@clew/'));
    wanted.push(...inner.filter((other) => !wanted.includes(other)));
    npm(root, 'pack', '--workspace', name, '--pack-destination', temporary, '--silent');
    const file = `${name.slice(1).replace('/', '-')}-${manifest.version}.tgz`;
    dependencies[name] = `file:${join(temporary, file)}`;
  }
  return dependencies;
}

function openTelemetry() {
  const pinned = manifestOf(folder).dependencies;
  const names = ['@opentelemetry/api', ...plugins.map((name) => `@opentelemetry/instrumentation-${name}`)];
  const versions = Object.fromEntries(names.map((name) => [name, pinned[name]]));
  return { ...versions, '@opentelemetry/sdk-node': sdkNode };
}

function install(target, dependencies) {
  mkdirSync(target);
  writeFileSync(join(target, 'package.json'), JSON.stringify({ name: 'size', private: true, dependencies }));
  npm(target, 'install', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error');
  return target;
}

function sizeOf(target) {
  const lock = JSON.parse(readFileSync(join(target, 'package-lock.json'), 'utf8'));
  const installed = Object.keys(lock.packages).filter((path) => path && existsSync(join(target, path)));
  return { packages: installed.length, mb: bytesIn(join(target, 'node_modules')) / 1e6 };
}

/** The size on disk: a small file occupies a block. Falls back to the files' lengths on systems without blocks. */
function bytesIn(path) {
  const files = globSync('**', { cwd: path, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map((entry) => {
    const { blocks, size } = statSync(join(entry.parentPath, entry.name));
    return blocks * 512 || size;
  });
  return sizes.reduce((total, size) => total + size, 0);
}

function npm(cwd, ...args) {
  const shell = process.platform === 'win32';
  const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8', shell });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stderr}`);
}

function manifestOf(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
}
