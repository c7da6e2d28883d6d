import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const withoutCode = (text: string) => text.replaceAll(/^```.*?^```/gms, '');

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
      const { files, publishConfig, license } = JSON.parse(read(file));
      expect([file, files[0], publishConfig, license]).toEqual([
        file,
        'dist',
        { access: 'public' },
        'Apache-2.0',
      ]);
    }
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

  test('has the functions that docs/architecture.md shows in the lifecycle', () => {
    const [, diagram = ''] =
      /## Lifecycle of a request.*?```mermaid(.*?)```/s.exec(read('docs/architecture.md')) ?? [];
    const bold = [...diagram.matchAll(/<b>(.*?)<\/b>/g)].flatMap(([, text = '']) => text.match(/\w+/g) ?? []);
    expect(bold.length).toBeGreaterThan(20);
    const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map(read).join('\n');
    expect(bold.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
  });

  test('has no broken links between its documents', () => {
    const documents = ['README.md', ...globSync('{docs,packages/*,benchmarks}/*.md', { cwd: root })];
    const broken = documents.flatMap((document) =>
      [...withoutCode(read(document)).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target]) => join(document, '..', target as string))
        .filter((target) => globSync(target, { cwd: root }).length === 0)
        .map((target) => `${document}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
