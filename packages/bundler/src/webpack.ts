import { createRequire } from 'node:module';
import type { Compiler, EntryNormalized } from 'webpack';
import { type BundleOptions, bundleOptions } from './bundle-options.ts';
import { Wiring } from './wiring.ts';

export type { BundleOptions, Start } from './bundle-options.ts';

/** A plugin of webpack. */
export interface WebpackPlugin {
  apply(compiler: Compiler): void;
}

const NAME = '@clew/bundler';

/**
 * The plugin for webpack: Clew traces the libraries in the bundle.
 *
 * @example
 * module.exports = { target: 'node', entry: './app.js', plugins: [clew()] };
 */
export function clew(options: BundleOptions = {}): WebpackPlugin {
  bundleOptions(options, process.cwd());
  return { apply: (compiler) => apply(compiler, options) };
}

function apply(compiler: Compiler, given: BundleOptions): void {
  const options = bundleOptions(given, compiler.context);
  const wiring = new Wiring(options);
  compiler.options.module.rules.push(
    // require-in-the-middle uses `require` as a value, about which webpack would warn.
    { test: /[\\/]node_modules[\\/]require-in-the-middle[\\/]/, parser: { unknownContextCritical: false } },
    {
      test: (path: string) => wiring.concerns(path),
      // Otherwise, a module is left out if its package has no side effects and it only re-exports what is used.
      sideEffects: true,
      enforce: 'pre',
      use: [{ loader: createRequire(import.meta.url).resolve('./webpack-loader.cjs'), options }],
    },
  );
  const { startFile } = wiring;
  if (startFile !== undefined) compiler.options.entry = startingWith(startFile, compiler.options.entry);
  compiler.hooks.compilation.tap(NAME, (compilation) => {
    compilation.hooks.finishModules.tap(NAME, (modules) => {
      const files = [...modules].flatMap((module) => module.nameForCondition() ?? []);
      for (const warning of wiring.warnings(files))
        compilation.warnings.push(new compiler.webpack.WebpackError(`${NAME}: ${warning}`));
    });
  });
}

/** The modules of an entry are evaluated in their order, and the exports are those of the last one. */
function startingWith(file: string, entry: EntryNormalized): EntryNormalized {
  if (typeof entry === 'function') return async () => withStart(file, await entry());
  return withStart(file, entry);
}

type StaticEntry = Exclude<EntryNormalized, (...args: never[]) => unknown>;

function withStart(file: string, entry: StaticEntry): StaticEntry {
  const entries = Object.entries(entry).map(([name, description]) => [
    name,
    { ...description, import: [file, ...(description.import ?? [])] },
  ]);
  return Object.fromEntries(entries);
}
