import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { build, type Format } from 'esbuild';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const TREE = ['CLIENT GET', '  SERVER GET /orders/:id', '    CLIENT GET', '      SERVER GET /songs/:id'];
const DEFINE_REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-bundled-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each<[format: Format, file: string, banner: string]>([
  ['cjs', 'program.cjs', ''],
  ['esm', 'program.mjs', DEFINE_REQUIRE],
])('instrument() traces an application that is bundled as %s', async (format, file, js) => {
  const outfile = join(folder, file);
  await build({
    entryPoints: [join(__dirname, 'programs', 'bundled.mjs')],
    bundle: true,
    platform: 'node',
    format,
    outfile,
    banner: { js },
    // esbuild warns about packages that read `import.meta`, which is empty in a CommonJS bundle.
    logLevel: 'error',
  });
  const collector = await startCollector({ port: 0 });
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'bundled' };
  const ended = await runProgram([outfile], { cwd: folder, variables });
  const spans = spansOf(collector, 'bundled');
  await collector.close();
  expect(ended).toEqual({ code: 3, signal: null, stdout: 'a song', stderr: '' });
  expect(treeOf(spans)).toEqual(TREE);
});
