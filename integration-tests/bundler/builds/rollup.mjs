import { clew } from '@clew/bundler/rollup';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import nodeResolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import { rollup } from 'rollup';
import { options, UNUSED } from './build-options.mjs';

const { entry, file, isModule, minify, plugin } = options;

const bundle = await rollup({
  input: entry,
  external: UNUSED,
  plugins: [
    plugin && clew(plugin),
    nodeResolve({ exportConditions: ['node'], preferBuiltins: true }),
    commonjs({ ignore: UNUSED, ignoreDynamicRequires: true }),
    json(),
  ],
  onLog(level, log, print) {
    if (log.code === 'PLUGIN_WARNING') print(level, log);
  },
});
await bundle.write({
  file,
  format: isModule ? 'es' : 'cjs',
  inlineDynamicImports: true,
  plugins: [minify && terser()],
});
