import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Wiring } from '../src/wiring.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clew-wiring-'));
  write(
    'package.json',
    JSON.stringify({ name: 'shop', version: '1.0.0', dependencies: { 'clew-plugin-songs': '*' } }),
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function installPlugin(...targets: readonly object[]): void {
  const clew = { class: 'SongsInstrumentation', targets };
  write('node_modules/clew-plugin-songs/index.js', 'exports.SongsInstrumentation = class {};');
  write(
    'node_modules/clew-plugin-songs/package.json',
    JSON.stringify({ name: 'clew-plugin-songs', version: '1.0.0', clew }),
  );
}

/** Returns the path of the main file. */
function install(version: string, folder = 'songs', name = 'songs'): string {
  write(`node_modules/${folder}/package.json`, JSON.stringify({ name, version }));
  return write(`node_modules/${folder}/index.js`, 'exports.sing = () => {};');
}

const newWiring = () => new Wiring({ start: 'application', root, packages: [] });

test('a module that a plugin traces passes its exports to Clew', async () => {
  installPlugin({ module: 'songs', versions: ['^1.2'] });
  const file = install('1.3.0');
  const wiring = newWiring();
  expect(await wiring.wire(file, 'exports.a = 1;')).toContain('{"module":"songs","version":"1.3.0",exports:');
  expect(wiring.concerns(file)).toBe(true);
  expect(wiring.warnings([file])).toEqual([]);
});

test.each([
  { title: 'a prerelease', version: '1.3.0-rc.1', folder: 'songs' },
  { title: 'a package installed under an alias', version: '1.3.0', folder: 'songs-1' },
  { title: 'a nested package', version: '1.3.0', folder: 'singer/node_modules/songs' },
])('$title is traced as well', ({ version, folder }) => {
  installPlugin({ module: 'songs', versions: ['>=1.2 <2'] });
  expect(newWiring().concerns(install(version, folder))).toBe(true);
});

test('other files, other packages and the application are not changed', async () => {
  installPlugin({ module: 'songs', versions: ['*'] });
  install('1.3.0');
  const files = [
    write('node_modules/songs/lib/other.js', ''),
    install('1.0.0', 'singer', 'singer'),
    write('songs/index.js', ''),
  ];
  const wiring = newWiring();
  for (const file of files) expect(await wiring.wire(file, '')).toBeUndefined();
});

test('a version that the plugin does not support is a warning', () => {
  installPlugin({ module: 'songs', versions: ['>=1.2 <2'] });
  expect(newWiring().warnings([install('2.0.0')])).toEqual([
    'songs 2.0.0 is not traced: the plugin supports >=1.2 <2',
  ]);
});

test('a library without its main module is a warning', () => {
  installPlugin({ module: 'songs', versions: ['>=1.2 <2'] });
  install('1.3.0');
  const other = write('node_modules/songs/browser.js', '');
  expect(newWiring().warnings([other])).toEqual([
    'songs 1.3.0 is not traced: the bundle does not contain its main module',
  ]);
});
