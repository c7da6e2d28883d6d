import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the repository', () => {
  test('has a lock file without download addresses', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "http/);
  });

  // Unpublished workspaces, too: `lerna version` fails for a workspace without a version.
  test('has the version of lerna.json in all workspaces', () => {
    const { version } = JSON.parse(read('lerna.json'));
    const { workspaces } = JSON.parse(read('package.json'));
    const manifests = globSync(
      workspaces.map((workspace: string) => `${workspace}/package.json`),
      { cwd: root },
    );
    expect(manifests.length).toBeGreaterThan(5);
    for (const file of manifests) {
      const manifest = JSON.parse(read(file));
      expect([file, manifest.version]).toEqual([file, version]);
      for (const [name, wanted] of Object.entries({
        ...manifest.dependencies,
        ...manifest.devDependencies,
      })) {
        if (name.startsWith('@clew/')) expect([file, name, wanted]).toEqual([file, name, version]);
      }
    }
  });

  test('publishes the built folder of each package publicly', () => {
    for (const file of globSync('packages/*/package.json', { cwd: root })) {
      const { files, publishConfig, license, engines } = JSON.parse(read(file));
      expect([file, files[0], publishConfig, license, engines]).toEqual([
        file,
        'dist',
        { access: 'public' },
        'Apache-2.0',
        JSON.parse(read('package.json')).engines,
      ]);
    }
  });

  test('has keywords, and says which files have side effects, in each published package.json', () => {
    const entriesWithEffects = new Map([
      ['packages/node/package.json', ['./dist/register.*', './dist/post-last.*']],
      ['packages/viewer/package.json', ['./dist/cli.*']],
    ]);
    for (const file of globSync('packages/*/package.json', { cwd: root })) {
      const { keywords, sideEffects } = JSON.parse(read(file));
      expect([file, keywords.slice(0, 3)]).toEqual([file, ['clew', 'opentelemetry', 'tracing']]);
      expect([file, sideEffects]).toEqual([file, entriesWithEffects.get(file) ?? false]);
    }
  });

  test('runs the tests in CI on the versions of Node.js that `npm run test:all` uses', () => {
    const quoted = (text: string) =>
      [...text.matchAll(/['"](\d+\.\d+\.\d+)['"]/g)].map(([, version]) => version);
    // `.ci/run` uses this one.
    const { node: pinned } = JSON.parse(read('package.json')).devDependencies;
    const matrix = quoted(read('.github/workflows/ci.yml'));
    expect([...matrix, pinned].sort()).toEqual(quoted(read('scripts/node-versions.mjs')).sort());
  });

  // A missing reference compiles a package before its dependency: the first build of a clone fails.
  test('refers in each tsconfig.json to the packages that the package depends on', () => {
    const folders = new Map(
      globSync('packages/*', { cwd: root }).map((folder) => [
        JSON.parse(read(`${folder}/package.json`)).name,
        folder.replace('packages/', '../'),
      ]),
    );
    for (const [name, folder] of folders) {
      const { dependencies = {} } = JSON.parse(read(`packages/${folder.slice(3)}/package.json`));
      const { references = [] } = JSON.parse(read(`packages/${folder.slice(3)}/tsconfig.json`));
      const needed = Object.keys(dependencies).flatMap((dependency) => folders.get(dependency) ?? []);
      const given = references.map(({ path }: { path: string }) => path);
      expect([name, needed.filter((path) => !given.includes(path))]).toEqual([name, []]);
    }
  });

  test('has a README for every package', () => {
    for (const folder of globSync('packages/*', { cwd: root })) {
      expect([folder, read(`${folder}/README.md`).startsWith('# @clew/')]).toEqual([folder, true]);
    }
  });

  test('lists every package in the root README', () => {
    const readme = read('README.md');
    const missing = globSync('packages/*', { cwd: root }).filter(
      (folder) => !readme.includes(`| [@clew/${folder.replace('packages/', '')}](${folder}/README.md)`),
    );
    expect(missing).toEqual([]);
  });

  test('has the functions that docs/architecture.md shows in the lifecycle', () => {
    const [, diagram = ''] =
      /## Lifecycle of a request.*?```mermaid(.*?)```/s.exec(read('docs/architecture.md')) ?? [];
    const bold = [...diagram.matchAll(/<b>(.*?)<\/b>/g)].flatMap(([, text = '']) => text.match(/\w+/g) ?? []);
    expect(bold.length).toBeGreaterThan(20);
    const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map(read).join('\n');
    expect(bold.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
  });
});
