import { isSameFile } from '../src/equivalent-files.ts';

describe('the main module', () => {
  test.each<[title: string, manifest: object, path: string]>([
    ['without any field', {}, 'index.js'],
    ['main', { main: './lib/main.js' }, 'lib/main.js'],
    ['main without an extension', { main: 'lib/main' }, 'lib/main.js'],
    ['main that is a folder', { main: './lib/' }, 'lib/index.js'],
    ['module', { main: 'a.js', module: './es/a.js' }, 'es/a.js'],
    ['exports as a path', { exports: './a.js' }, 'a.js'],
    ['exports as conditions', { exports: { import: './a.mjs', require: './a.cjs' } }, 'a.mjs'],
    ['nested conditions', { exports: { '.': { node: { import: './a.mjs' }, default: './b.js' } } }, 'a.mjs'],
    ['another condition', { exports: { '.': { node: { import: './a.mjs' }, default: './b.js' } } }, 'b.js'],
  ])('%s', (_, manifest, path) => {
    expect(isSameFile(manifest as never, path, undefined)).toBe(true);
  });

  test('another entry of exports', () => {
    const manifest = { exports: { '.': './a.js', './b': './b.js' } };
    expect(isSameFile(manifest, 'b.js', undefined)).toBe(false);
  });
});

describe('a file', () => {
  const exports = { './client': { import: './es/client.js', require: './cjs/client.js' }, './b': './b.js' };

  test('itself', () => {
    expect(isSameFile({}, 'lib/a.js', 'lib/a.js')).toBe(true);
  });

  test('the ES module behind the same entry of exports', () => {
    expect(isSameFile({ exports }, 'es/client.js', 'cjs/client.js')).toBe(true);
  });

  test('a file behind another entry', () => {
    expect(isSameFile({ exports }, 'b.js', 'cjs/client.js')).toBe(false);
  });

  test('a file of a package without exports', () => {
    expect(isSameFile({ main: 'a.js' }, 'a.js', 'lib/a.js')).toBe(false);
  });
});
