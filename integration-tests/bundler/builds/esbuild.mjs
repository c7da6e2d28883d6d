import { clew } from '@clew/bundler/esbuild';
import { build } from 'esbuild';
import { options, UNUSED } from './build-options.mjs';

const { entry, file, isModule, minify, plugin } = options;

await build({
  entryPoints: [entry],
  outfile: file,
  bundle: true,
  platform: 'node',
  format: isModule ? 'esm' : 'cjs',
  minify,
  external: UNUSED,
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'silent' },
  plugins: plugin ? [clew(plugin)] : [],
});
