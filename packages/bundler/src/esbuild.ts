import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Message, Plugin, PluginBuild } from 'esbuild';
import { type BundleOptions, bundleOptions } from './bundle-options.ts';
import { Wiring } from './wiring.ts';

export type { BundleOptions, Start } from './bundle-options.ts';

const SCRIPTS = /\.[cm]?js$/;
/** The data of a resolution that this plugin asked for itself. */
const OWN = Symbol('clew');
const DEFINE_REQUIRE =
  "import { createRequire as clewCreateRequire } from 'node:module';const require = clewCreateRequire(import.meta.url);";

/**
 * The plugin for esbuild: Clew traces the libraries in the bundle.
 *
 * @example
 * await build({ entryPoints: ['app.js'], bundle: true, platform: 'node', outfile: 'app.cjs', plugins: [clew()] });
 */
export function clew(options: BundleOptions = {}): Plugin {
  bundleOptions(options, process.cwd());
  return { name: '@clew/bundler', setup: (build) => setUp(build, options) };
}

function setUp(build: PluginBuild, options: BundleOptions): void {
  const { initialOptions } = build;
  if (initialOptions.bundle !== true) throw new TypeError('@clew/bundler: expected the option bundle: true');
  const wiring = new Wiring(bundleOptions(options, initialOptions.absWorkingDir ?? process.cwd()));
  const { startFile } = wiring;
  // Injected files are evaluated first.
  if (startFile !== undefined) initialOptions.inject = [startFile, ...(initialOptions.inject ?? [])];
  if (initialOptions.format === 'esm') defineRequire(build);
  const loaded = new Set<string>();
  build.onStart(() => loaded.clear());
  // A bundler leaves out a module whose package has no side effects if it only re-exports what is used.
  build.onResolve({ filter: /^[^/]/ }, async ({ path, pluginData, ...rest }) => {
    if (pluginData === OWN || rest.kind === 'entry-point' || rest.namespace !== 'file') return undefined;
    const found = await build.resolve(path, { ...rest, pluginData: OWN });
    const isKept = found.errors.length === 0 && !found.external && !found.sideEffects;
    return isKept && wiring.concerns(found.path) ? { path: found.path, sideEffects: true } : undefined;
  });
  build.onLoad({ filter: SCRIPTS, namespace: 'file' }, async ({ path }) => {
    loaded.add(path);
    if (!wiring.concerns(path)) return undefined;
    const contents = await wiring.wire(path, await readFile(path, 'utf8'));
    return contents === undefined ? undefined : { contents, loader: 'js', resolveDir: dirname(path) };
  });
  build.onEnd(() => ({
    warnings: wiring.warnings(loaded).map((text): Partial<Message> => ({ text })),
  }));
}

/** Packages of CommonJS require built-in modules, which the output as an ES module does not support without this line. */
function defineRequire({ initialOptions }: PluginBuild): void {
  const { js = '' } = initialOptions.banner ?? {};
  if (!/\brequire\b/.test(js)) initialOptions.banner = { ...initialOptions.banner, js: DEFINE_REQUIRE + js };
}
