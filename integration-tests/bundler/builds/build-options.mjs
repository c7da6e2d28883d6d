import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minify: { type: 'boolean', default: false }, plugin: { type: 'string' } },
});
const [entry, file] = positionals;

/** The arguments of a build: `ENTRY FILE [--minify] [--plugin OPTIONS]`, with the options of `clew()` or `false`. */
export const options = {
  entry,
  file,
  isModule: file.endsWith('.mjs'),
  minify: values.minify,
  plugin: JSON.parse(values.plugin ?? '{}'),
};

/** Packages that the libraries require only for features that the programs do not use. */
export const UNUSED = [
  'better-sqlite3',
  'bufferutil',
  'mariadb',
  'mariadb/callback',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-native',
  'pg-query-stream',
  'sqlite3',
  'tedious',
  'utf-8-validate',
];
