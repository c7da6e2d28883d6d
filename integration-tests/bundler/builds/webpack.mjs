import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { clew } from '@clew/bundler/webpack';
import webpack from 'webpack';
import { options, UNUSED } from './build-options.mjs';

const { entry, file, isModule, minify, plugin } = options;

const compiler = webpack({
  mode: 'production',
  target: 'node22.15',
  context: dirname(dirname(entry)),
  entry,
  devtool: false,
  // A tsconfig.json of this repository maps the names of packages to declarations.
  resolve: { tsconfig: false },
  externals: Object.fromEntries(UNUSED.map((name) => [name, `commonjs ${name}`])),
  optimization: { minimize: minify },
  output: {
    path: dirname(file),
    filename: basename(file),
    ...(isModule && { module: true, chunkFormat: 'module', library: { type: 'module' } }),
  },
  experiments: { outputModule: isModule },
  plugins: plugin ? [clew(plugin)] : [],
});
const { compilation } = await promisify(compiler.run.bind(compiler))();
for (const { message } of compilation.errors) console.error(message);
// Other warnings are about dynamic imports in libraries.
for (const { message } of compilation.warnings)
  if (message.includes('@clew/') || (plugin && message.includes('require function'))) console.error(message);
