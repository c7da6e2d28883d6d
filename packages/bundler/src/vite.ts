import type { Plugin } from 'vite';
import { type BundleOptions, bundleOptions } from './bundle-options.ts';
import { rollupHooks } from './rollup-hooks.ts';

export type { BundleOptions, Start } from './bundle-options.ts';

/**
 * The plugin for Vite: Clew traces the libraries in a build for the server. It does nothing in other builds and in the
 * development server.
 *
 * @example
 * export default defineConfig({ build: { ssr: 'app.js' }, ssr: { noExternal: true }, plugins: [clew()] });
 */
export function clew(options: BundleOptions = {}): Plugin[] {
  bundleOptions(options, process.cwd());
  let root = process.cwd();
  return rollupHooks(() => bundleOptions(options, root)).map((plugin, index) => ({
    ...plugin,
    apply: 'build',
    enforce: index === 0 ? 'pre' : 'post',
    applyToEnvironment: ({ config }) => config.consumer === 'server',
    configResolved(config) {
      root = config.root;
    },
  }));
}
