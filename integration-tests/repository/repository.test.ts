import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const withoutCode = (text: string) => text.replaceAll(/^```.*?^```/gms, '');

describe('the repository', () => {
  test('its lock file holds no download addresses', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "http/);
  });

  // Also those that are never published: `lerna version` stops at a workspace that has none.
  test('all workspaces have the version of lerna.json', () => {
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

  test('packages publish a folder that the build makes, to everyone', () => {
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

  test('every package has a README', () => {
    for (const folder of globSync('packages/*', { cwd: root })) {
      expect([folder, read(`${folder}/README.md`).startsWith('# @clew/')]).toEqual([folder, true]);
    }
  });

  test('the functions in the lifecycle of docs/architecture.md exist', () => {
    const [, diagram = ''] =
      /## Lifecycle of a request.*?```mermaid(.*?)```/s.exec(read('docs/architecture.md')) ?? [];
    const bold = [...diagram.matchAll(/<b>(.*?)<\/b>/g)].flatMap(([, text = '']) => text.match(/\w+/g) ?? []);
    expect(bold.length).toBeGreaterThan(20);
    const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map(read).join('\n');
    expect(bold.filter((name) => !new RegExp(`\\b${name}\\b`).test(sources))).toEqual([]);
  });

  test('links between its documents lead somewhere', () => {
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
