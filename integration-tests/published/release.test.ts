import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Collector, startCollector } from '@clew/viewer';
import { npm } from '../packed-packages.ts';
import { cleanEnvironment, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { type Registry, startRegistry } from './registry.ts';

// Makes a release as CONTRIBUTING.md describes it, in a clone of the last commit and with a registry of its own.

const TIMEOUT_MS = 600_000;
const ADDRESS = 'https://git.example.com/clew/clew';
const root = join(__dirname, '..', '..');
/** lerna does not run on every version of Node that Clew supports. */
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');
const folder = mkdtempSync(join(tmpdir(), 'clew-release-'));
const clone = join(folder, 'clone');
const application = join(folder, 'application');

let registry: Registry;
let collector: Collector;
let version: string;
/** What both commands print if the repository has no address. */
let withoutAddress: readonly string[];

const inRepository = existsSync(join(root, '.git')) ? describe : describe.skip;

inRepository('a release, in a clone of the git repository', () => {
  beforeAll(async () => {
    registry = await startRegistry();
    collector = await startCollector({ port: 0 });
    await run(folder, 'git', 'clone', '--quiet', root, clone);
    await run(clone, 'git', 'remote', 'remove', 'origin');
    await run(clone, 'git', 'switch', '--quiet', '-C', 'release');
    linkModules();
    const release = ['publish', 'from-package', '--yes', '--registry', registry.url];
    withoutAddress = [
      await lerna('version', '--no-push', '--yes').catch(({ stdout, stderr }) => stdout + stderr),
      await lerna(...release).catch(({ stdout, stderr }) => stdout + stderr),
    ];
    await run(clone, 'npm', 'run', 'address', '--', ADDRESS);
    await run(
      clone,
      'git',
      'commit',
      '--quiet',
      '--all',
      '--message',
      'build: the address of the repository',
    );
    await lerna('version', '--no-push', '--yes');
    ({ version } = readJson('lerna.json'));
    await run(clone, pinnedNode, 'scripts/build.mjs');
    await lerna(...release);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([registry.close(), collector.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('needs the address of the repository, which is then in each published package', () => {
    expect(withoutAddress).toEqual([
      expect.stringContaining('the repository has no public address yet: set it with `npm run address'),
      // lerna does not show what this script prints.
      expect.stringContaining('lifecycle "prepublishOnly" errored in "clew"'),
    ]);
    for (const { name, versions } of registry.packages.values()) {
      const { repository, homepage, bugs } = versions[version] as Record<string, object>;
      const directory = `packages/${name.replace('@clew/', '')}`;
      expect(repository).toEqual({ type: 'git', url: `git+${ADDRESS}.git`, directory });
      expect(homepage).toBe(`${ADDRESS}/tree/main/${directory}#readme`);
      expect(bugs).toEqual({ url: `${ADDRESS}/issues` });
    }
  });

  test('raises the version in all manifests, in dependencies between packages, and in the lock file', () => {
    expect(version).not.toBe(JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')).version);
    const files = globSync('{packages/*,examples/*,benchmarks,integration-tests}/package.json', {
      cwd: clone,
    });
    const { packages } = readJson('package-lock.json');
    for (const file of files) {
      const manifest = readJson(file);
      const locked = packages[file.replace('/package.json', '')];
      expect([file, manifest.version, locked.version]).toEqual([file, version, version]);
      const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
      const others = wanted.filter(([name, range]) => name.startsWith('@clew/') && range !== version);
      expect([file, others]).toEqual([file, []]);
    }
    expect(readFileSync(join(clone, 'package-lock.json'), 'utf8')).not.toContain('"resolved": "http');
  });

  test('writes changelogs, and makes one commit with a tag', async () => {
    for (const changelog of [
      'CHANGELOG.md',
      ...publicPackages().map((each) => `packages/${each}/CHANGELOG.md`),
    ]) {
      const headings = readFileSync(join(clone, changelog), 'utf8').match(/^##? .*/gm);
      expect([changelog, headings?.join()]).toEqual([changelog, expect.stringContaining(version)]);
    }
    expect(await run(clone, 'git', 'log', '-1', '--format=%s %D')).toContain(
      `chore(release): v${version} HEAD -> release, tag: v${version}`,
    );
    expect(await run(clone, 'git', 'status', '--porcelain')).toBe('');
  });

  test(
    'leaves files in the commit that the linter accepts',
    async () => {
      const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
      const changed = await run(clone, 'git', 'diff', '--name-only', 'HEAD~1');
      const files = changed.trim().split('\n');
      expect(files).toContain('lerna.json');
      await expect(
        run(
          clone,
          pinnedNode,
          biome,
          'check',
          '--error-on-warnings',
          '--files-ignore-unknown=true',
          ...files,
        ),
      ).resolves.toBe('');
    },
    TIMEOUT_MS,
  );

  test('publishes the new version of all packages', () => {
    const published = [...registry.packages.values()].map(({ name, versions }) => [
      name,
      ...Object.keys(versions),
    ]);
    expect(published.sort()).toEqual(publicPackages().map((each) => [`@clew/${each}`, version]));
  });

  test(
    'can be installed by name in an empty application, and traces it',
    async () => {
      mkdirSync(application);
      writeFileSync(join(application, 'package.json'), '{ "private": true }\n');
      writeFileSync(join(application, '.npmrc'), `@clew:registry=${registry.url}\n`);
      await npm(application, 'install', '@clew/node', '@clew/instrumentation-http', '@clew/viewer');
      cpSync(join(__dirname, 'programs'), application, { recursive: true });
      const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'released' };
      const ended = await runProgram(['--import', '@clew/node/register', 'hello.mjs'], {
        cwd: application,
        variables,
      });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'hello', stderr: '' });
      const spans = spansOf(collector, 'released');
      expect(treeOf(spans)).toEqual(['CLIENT GET', '  SERVER GET']);
      expect(spans.map(({ scope }) => scope.version)).toEqual([version, version]);
      expect(await run(application, 'npm', 'exec', '--', 'clew', '--version')).toBe(`${version}\n`);
    },
    TIMEOUT_MS,
  );
});

function readJson(file: string) {
  return JSON.parse(readFileSync(join(clone, file), 'utf8'));
}

function publicPackages(): string[] {
  return readdirSync(join(clone, 'packages')).sort();
}

function lerna(...args: string[]): Promise<string> {
  return run(clone, pinnedNode, join(root, 'node_modules', 'lerna', 'dist', 'cli.js'), ...args);
}

async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    cwd,
    env: environment(),
    maxBuffer: 100_000_000,
  });
  return stdout;
}

/** The environment without git's variables, with which a hook would make git use this repository instead of the clone. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(cleanEnvironment()).filter(([name]) => !name.startsWith('GIT_'));
  const person = { NAME: 'Release test', EMAIL: 'release@example.com' };
  const identity = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ]);
  return { ...Object.fromEntries([...inherited, ...identity]), NX_DAEMON: 'false' };
}

/** Gives the clone the packages that are installed here, and its own packages of Clew. */
function linkModules(): void {
  for (const modules of globSync(['node_modules', 'packages/*/node_modules'], { cwd: root })) {
    mkdirSync(join(clone, modules));
    for (const name of readdirSync(join(root, modules)))
      if (name !== '@clew') symlinkSync(join(root, modules, name), join(clone, modules, name));
  }
  mkdirSync(join(clone, 'node_modules', '@clew'));
  for (const name of publicPackages())
    symlinkSync(join(clone, 'packages', name), join(clone, 'node_modules', '@clew', name));
}
