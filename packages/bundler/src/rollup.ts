import type { Plugin } from 'rollup';
import { type BundleOptions, bundleOptions } from './bundle-options.ts';
import { rollupHooks } from './rollup-hooks.ts';

export type { BundleOptions, Start } from './bundle-options.ts';

/**
 * The plugin for Rollup and Rolldown: Clew traces the libraries in the bundle.
 *
 * @example
 * export default { input: 'app.js', output: { file: 'app.cjs' }, plugins: [clew(), nodeResolve(), commonjs(), json()] };
 */
export function clew(options: BundleOptions = {}): Plugin[] {
  bundleOptions(options, process.cwd());
  return rollupHooks(() => bundleOptions(options, process.cwd()));
}
