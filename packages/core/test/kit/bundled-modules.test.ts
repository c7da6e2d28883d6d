import { bundle, watchBundled } from '@clew/core/internal';
import { defineInstrumentation } from '@clew/core/plugin';

const patched: unknown[] = [];
const Plugin = defineInstrumentation({
  name: '@acme/instrumentation-bundled',
  version: '1.0.0',
  options: {},
  targets: [
    { module: 'bundled', versions: ['>=2 <3'], patch: (exports) => patched.push(exports) },
    { module: 'bundled', versions: ['>=2 <3'], file: 'lib/a.js', patch: (exports) => patched.push(exports) },
  ],
});

/** What the code in a bundle does when a module has been evaluated. */
function evaluate(exports: unknown, version = '2.1.0', file?: string): void {
  const module = { module: 'bundled', version, exports, ...(file !== undefined && { file }) };
  const { modules, listeners } = bundle();
  modules.push(module);
  for (const listener of listeners) listener(module);
}

afterEach(() => {
  bundle().modules.length = 0;
  patched.length = 0;
});

test('a plugin patches the modules of a bundle that are evaluated after it is created', () => {
  const plugin = new Plugin();
  evaluate({ main: true });
  evaluate({ a: true }, '2.1.0', 'lib/a.js');
  plugin.disable();
  expect(patched).toEqual([{ main: true }, { a: true }]);
});

test('a plugin patches the modules of a bundle that were evaluated before it is created', () => {
  evaluate({ main: true });
  const plugin = new Plugin();
  plugin.disable();
  expect(patched).toEqual([{ main: true }]);
});

test('a plugin patches a module once, even if the bundle contains it as CommonJS and as an ES module', () => {
  const exports = { main: true };
  evaluate(exports);
  const plugin = new Plugin();
  evaluate(exports);
  plugin.disable();
  expect(patched).toEqual([exports]);
});

test('a plugin patches a module of a bundle again when it is enabled again', () => {
  evaluate({ main: true });
  const plugin = new Plugin();
  plugin.disable();
  plugin.enable();
  plugin.disable();
  expect(patched).toEqual([{ main: true }, { main: true }]);
});

test('a plugin ignores other versions, other files, and modules that are evaluated while it is disabled', () => {
  const plugin = new Plugin();
  evaluate({}, '3.0.0');
  evaluate({}, '2.1.0', 'lib/b.js');
  plugin.disable();
  evaluate({});
  expect(patched).toEqual([]);
});

test('a range that only npm understands counts as fulfilled, because the bundler has checked it', () => {
  const seen: unknown[] = [];
  const stop = watchBundled({ module: 'bundled', versions: ['^2.1'] }, (exports) => seen.push(exports));
  evaluate('exports');
  stop();
  expect(seen).toEqual(['exports']);
});

test('a failing listener does not stop the module or the other listeners', () => {
  const seen: unknown[] = [];
  const stops = [
    watchBundled({ module: 'bundled' }, () => {
      throw new Error('a bug');
    }),
    watchBundled({ module: 'bundled' }, (exports) => seen.push(exports)),
  ];
  expect(() => evaluate('exports')).not.toThrow();
  for (const stop of stops) stop();
  expect(seen).toEqual(['exports']);
});
