import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { generate } from 'selfsigned';
import { nodeBinaries, runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

// node:https loads node:http without calling module hooks. An application that loads only node:https is traced, too.

/** Includes the download of a Node version. */
const TIMEOUT_MS = 300_000;
const NODES = ['22.15.0', '22.23.3', '24.21.0', '26.10.0'];

const PRELOAD = ['--import', '@clew/node/register'];
const OPENTELEMETRY = ['--import', join(__dirname, '..', 'opentelemetry', 'setup.mjs')];
const CALL = ['CLIENT GET', '  SERVER GET'];

interface Case {
  readonly title: string;
  readonly program: string;
  readonly flags?: readonly string[];
  readonly tree?: readonly string[];
}

const CASES: readonly Case[] = [
  { title: 'node:https, required', program: 'require.cjs' },
  { title: 'node:https, imported', program: 'import.mjs' },
  { title: 'node:https, from process.getBuiltinModule', program: 'builtin.cjs' },
  { title: 'node:https, loaded after init()', program: 'init-before.mjs', flags: [] },
  { title: 'node:https, loaded before init()', program: 'init-after.mjs', flags: [] },
  { title: 'node:https, required, with OpenTelemetry’s SDK', program: 'require.cjs', flags: OPENTELEMETRY },
  { title: 'node:https, imported, with OpenTelemetry’s SDK', program: 'import.mjs', flags: OPENTELEMETRY },
  { title: 'an HTTP/1.1 request to a node:http2 server', program: 'http2.cjs' },
  { title: 'a worker of node:cluster', program: 'cluster.cjs', tree: ['INTERNAL start', '  CLIENT node'] },
];

let collector: Collector;
let nodes: Map<string, string>;
let certificate: { readonly KEY: string; readonly CERT: string };

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
  nodes = await nodeBinaries(NODES);
  const { private: KEY, cert: CERT } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
  });
  certificate = { KEY, CERT };
}, TIMEOUT_MS);
afterAll(() => collector.close());

describe.each(NODES)('on Node %s', (version) => {
  test.each(CASES)(
    'traces $title',
    async ({ title, program, flags = PRELOAD, tree = CALL }) => {
      const service = `${title} ${version}`;
      const { code, stdout } = await runProgram([...flags, join(__dirname, 'programs', program)], {
        node: nodes.get(version) as string,
        cwd: __dirname,
        variables: {
          ...certificate,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_SERVICE_NAME: service,
          SETUP: JSON.stringify({ tracer: 'opentelemetry', plugins: { http: 'clew' } }),
        },
      });
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'continued' });
      expect(treeOf(spansOf(collector, service))).toEqual(tree);
    },
    TIMEOUT_MS,
  );
});
