// The page about short-lived processes: its examples, and its table of the ways in which a script ends.

import { createServer } from 'node:http';
import { listenOn } from '@clew/testing';
import { type Collector, startCollector } from '@clew/viewer';
import { blocksOf } from '../page-blocks.ts';
import { type Ended, runProgram, startProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';

const PAGE = 'docs/short-lived-processes.md';
const examples = blocksOf(PAGE)
  .filter(({ language }) => language === 'js')
  .map(({ text }) => text);
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
let collector: Collector;
let runs = 0;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

const argumentsOf = (code: string) => [
  '--import',
  '@clew/node/register',
  '--input-type=module',
  '--eval',
  code,
];
const variablesOf = (service: string, variables = {}) => ({
  OTEL_SERVICE_NAME: service,
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  ...variables,
});

async function run(code: string, variables = {}): Promise<Ended & { service: string }> {
  const service = `script ${runs++}`;
  const options = { cwd: __dirname, variables: variablesOf(service, variables) };
  return { service, ...(await runProgram(argumentsOf(code), options)) };
}

const SPAN = `import { trace } from '@opentelemetry/api';
  const tracer = trace.getTracer('script');
  tracer.startSpan('work').end();`;

test.each<[string, string, number | null, string[]]>([
  ['ends', '', 0, ['work']],
  ['calls process.exit()', 'process.exit(3);', 3, ['work']],
  ['throws', `throw new Error('failed');`, 1, ['work']],
  ['rejects a promise', `Promise.reject(new Error('failed'));`, 1, ['work']],
  ['ends while a span is open', `tracer.startSpan('open');`, 0, ['open', 'work']],
])('the spans of a script that %s are exported', async (_name, end, code, names) => {
  const ended = await run(`${SPAN}${end}`);
  const spans = spansOf(collector, ended.service);
  expect([ended.code, spans.map(({ name }) => name).sort()]).toEqual([code, names]);
  const open = spans.find(({ name }) => name === 'open');
  expect(open?.attributes['clew.unfinished']).toBe(names.includes('open') ? true : undefined);
});

test.each([
  ['SIGTERM', ['work']],
  ['SIGKILL', []],
] as const)('the spans of a script that gets %s: %j', async (signal, names) => {
  const service = `script ${runs++}`;
  const code = `${SPAN}setInterval(() => {}, 1000);console.log('ready');`;
  // Only the end exports, however long it takes until the signal arrives.
  const variables = variablesOf(service, { OTEL_BSP_SCHEDULE_DELAY: '600000' });
  const child = startProgram(argumentsOf(code), { cwd: __dirname, variables });
  for await (const _ of child.stdout!) break;
  const ended = new Promise((resolve) => child.on('close', (_code, by) => resolve(by)));
  child.kill(signal);
  expect(await ended).toBe(signal);
  expect(spansOf(collector, service).map(({ name }) => name)).toEqual(names);
});

test('a collector that is down, or does not respond, delays the end by a limited time', async () => {
  const hanging = await listenOn(createServer(() => {}));
  const ends = await Promise.all(
    ['http://127.0.0.1:9', hanging.url].map((url) =>
      run(SPAN, { OTEL_EXPORTER_OTLP_ENDPOINT: url, CLEW_FLUSH_TIMEOUT_MS: '500' }),
    ),
  );
  await hanging.close();
  for (const { code, stdout, stderr } of ends) {
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
});

test('the span around the work makes one trace of a run, which an environment variable continues', async () => {
  const shop = await listenOn(createServer((_request, response) => response.end('3')));
  const code = examples[0]!.replace('http://shop.example', shop.url);
  expect(code).toContain(shop.url);
  const { service, stdout, stderr } = await run(code, { TRACEPARENT: `00-${TRACE_ID}-b7ad6b7169203331-01` });
  await shop.close();
  expect({ stdout, stderr }).toEqual({ stdout: '3 orders\n', stderr: '' });
  const spans = spansOf(collector, service);
  expect(treeOf(spans)).toEqual(['INTERNAL nightly report (its parent is missing)', '  CLIENT GET']);
  expect(spans.map(({ traceId }) => traceId)).toEqual([TRACE_ID, TRACE_ID]);
});

test('flush() exports before the response', async () => {
  const service = `script ${runs++}`;
  const code = `${examples[1]!.replace('8080', '0')}
    server.once('listening', () => console.log(server.address().port));`;
  const child = startProgram(argumentsOf(code), { cwd: __dirname, variables: variablesOf(service) });
  let port = '';
  for await (const chunk of child.stdout!.setEncoding('utf8')) {
    port = String(chunk).trim();
    break;
  }
  const response = await fetch(`http://127.0.0.1:${port}/`);
  const names = spansOf(collector, service).map(({ name }) => name);
  child.kill('SIGKILL');
  expect([await response.text(), names]).toEqual(['done', ['resize']]);
});
