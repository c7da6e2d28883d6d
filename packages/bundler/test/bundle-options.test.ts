import { clew } from '../src/esbuild.ts';

test.each<[given: object, message: string]>([
  [{ strat: 'bundle' }, '@clew/bundler: expected one of the options start, root, packages, got "strat"'],
  [
    { start: 'never' },
    '@clew/bundler: expected start to be "bundle" | "application" | "preload", got "never"',
  ],
  [{ root: '' }, '@clew/bundler: expected root to be the path of a folder, got ""'],
  [{ packages: 'a' }, '@clew/bundler: expected packages to be a list of package names, got "a"'],
])('the options %j fail when the plugin is created', (given, message) => {
  expect(() => clew(given)).toThrow(new TypeError(message));
});
