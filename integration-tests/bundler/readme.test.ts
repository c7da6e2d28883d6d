import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { linesOf, tracedRun } from './traced-run.ts';

const ROOT = join(__dirname, '..', '..');
const BUILD_WITH_WEBPACK = `
import { promisify } from 'node:util';
import webpack from 'webpack';
import configuration from './webpack.config.mjs';

// A tsconfig.json of the repository maps the names of packages to declarations.
const compiler = webpack({ ...configuration, context: import.meta.dirname, resolve: { tsconfig: false } });
const { compilation } = await promisify(compiler.run.bind(compiler))();
for (const { message } of compilation.errors) console.error(message);
`;

let folder: string;
let server: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-bundler-readme-'));
  server = mkdtempSync(join(tmpdir(), 'clew-bundler-server-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const text = readFileSync(join(ROOT, 'packages', 'bundler', 'README.md'), 'utf8');
  const files = ['app.mjs', 'build.mjs', 'rollup.config.mjs', 'vite.config.mjs', 'webpack.config.mjs'];
  const examples = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code = '']) => code);
  expect(examples).toHaveLength(files.length);
  for (const [index, file] of files.entries()) writeFileSync(join(folder, file), examples[index] as string);
  writeFileSync(join(folder, 'package.json'), '{ "name": "songs", "version": "1.0.0" }');
  writeFileSync(join(folder, 'webpack.mjs'), BUILD_WITH_WEBPACK);
});
afterAll(() => {
  for (const each of [folder, server]) rmSync(each, { recursive: true });
});

test.each<[bundler: string, built: string, command: readonly string[]]>([
  ['esbuild', 'app.cjs', ['build.mjs']],
  ['Rollup', 'app.cjs', [join(ROOT, 'node_modules/rollup/dist/bin/rollup'), '--config', '--silent']],
  ['Vite', 'app.mjs', [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error']],
  ['webpack', 'main.js', ['webpack.mjs']],
])(
  'the configuration in the README for %s builds a file that is traced without node_modules',
  async (_, name, command) => {
    expect(await runProgram(command, { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
    mkdirSync(server, { recursive: true });
    const copy = join(server, name);
    writeFileSync(copy, readFileSync(join(folder, 'dist', name)));
    const { traces, ...ended } = await tracedRun([copy], server, {});
    expect(ended).toEqual({ code: 0, signal: null, stdout: '{"id":"7"}', stderr: '' });
    expect(linesOf(traces)).toEqual(['CLIENT GET', '  SERVER GET /songs/:id']);
  },
  240_000,
);
