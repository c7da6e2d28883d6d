import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '../../src/collector.ts';
import { clew, startCollect } from '../clew-process.ts';
import { PATH, POLICIES, replaceFile, until, YAML } from './policy-files.ts';
import { post, rootSpan } from './posted-spans.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-policies-'));
  file = join(folder, 'policies.yaml');
  writeFileSync(file, YAML);
});
afterEach(() => rmSync(folder, { recursive: true }));

const replace = (text: string) => replaceFile(file, text);

describe('a collector with policies', () => {
  let collector: Collector;
  let reported: number[];
  beforeEach(async () => {
    reported = [];
    collector = await startCollector({
      port: 0,
      policies: file,
      onPolicies: ({ policies }) => reported.push(policies.length),
    });
  });
  afterEach(() => collector.close());

  const get = (path: string, init?: RequestInit) => fetch(collector.url + path, init);

  test('serves them as JSON, whatever the form of the file', async () => {
    const response = await get(PATH);
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({ policies: POLICIES });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test('responds 304 without a body to the current ETag', async () => {
    const etag = (await get(PATH)).headers.get('etag') as string;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await get(PATH, { headers: { 'if-none-match': tag } });
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
    }
    const other = await get(PATH, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test('responds to HEAD', async () => {
    const response = await get(PATH, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('serves a changed file', async () => {
    const before = (await get(PATH)).headers.get('etag');
    replace('policies: [{ id: all, keep: { ratio: 0.5 } }]');
    await until(async () => (await get(PATH)).headers.get('etag') !== before);
    expect(await (await get(PATH)).json()).toEqual({ policies: [{ id: 'all', keep: { ratio: 0.5 } }] });
    expect(await (await get('/sampling?service=x')).json()).toEqual({
      strategyType: 'PROBABILISTIC',
      probabilisticSampling: { samplingRate: 0.5 },
    });
    expect(reported).toEqual([1]);
  });

  test('does not report a file that has changed in its format only', async () => {
    replace(JSON.stringify({ policies: POLICIES }, null, 4));
    replace('policies: []');
    await until(() => reported.length > 0);
    expect(reported).toEqual([0]);
  });

  test.each([
    ['shop', 0.25],
    ['shop-2', 0.25],
    ['mail', 1],
  ])("serves Jaeger's samplers of %s the probability %d", async (service, samplingRate) => {
    for (const path of ['/sampling', '/api/sampling']) {
      expect(await (await get(`${path}?service=${service}`)).json()).toEqual({
        strategyType: 'PROBABILISTIC',
        probabilisticSampling: { samplingRate },
      });
    }
  });

  test.each([
    ['another method', { method: 'PUT', body: '{}' }, 405],
    ['a web page', { headers: { origin: 'http://example.com' } }, 403],
  ])('rejects %s', async (_, init, status) => {
    const response = await get(PATH, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^expected /) });
  });

  test('counts which policies have kept the received traces', async () => {
    const spans = [
      ['shop', 'ratio'],
      ['shop', 'error'],
      ['shop', 'error'],
      ['shop', 'a'],
      [undefined, 'requested'],
      ['x'.repeat(129), 'ratio'],
    ].map(([policy, kept], index) =>
      rootSpan(index, {
        ...(policy !== undefined && { 'clew.sampling.policy': policy }),
        'clew.sampling.kept': kept as string,
      }),
    );
    await post(collector.url, spans);
    expect(await (await get('/v1/sampling/matches')).json()).toEqual({
      policies: { shop: { kept: 4, reasons: { ratio: 1, error: 2, other: 1 } } },
      requested: 1,
      ignored: 1,
    });
  });
});

test('a collector without policies has none to serve', async () => {
  const collector = await startCollector({ port: 0 });
  const response = await fetch(collector.url + PATH);
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: 'no policies are served: start the collector with --policies FILE' },
  ]);
  await collector.close();
});

test('policies override adaptive sampling for the operations that they name', async () => {
  replace('policies: [{ id: a, match: { name: a }, keep: { never: true } }]');
  const adaptive = { tracesPerSecond: 1, initialProbability: 0.5 };
  const collector = await startCollector({ port: 0, policies: file, adaptive });
  expect(await (await fetch(`${collector.url}/sampling?service=shop`)).json()).toMatchObject({
    operationSampling: {
      defaultSamplingProbability: 0.5,
      perOperationStrategies: [{ operation: 'a', probabilisticSampling: { samplingRate: 0 } }],
    },
  });
  await collector.close();
});

describe('an invalid file at the start', () => {
  test.each([
    ['an invalid policy', 'policies: [{ id: a, keep: { ratio: 2 } }]', /expected policies\[0\]\.keep\.ratio/],
    ['no policies', 'a text', /expected policies to be a list/],
    ['a file that is too large', `policies: [] # ${'x'.repeat(1_048_576)}`, /at most 1048576 characters/],
  ])('is refused with its place and reason: %s', async (_, text, message) => {
    replace(text);
    await expect(startCollector({ port: 0, policies: file })).rejects.toThrow(message);
    const { status, stderr } = await clew(['collect', '--port', '0', '--policies', file]);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('is refused if it is missing', async () => {
    rmSync(file);
    const { status, stderr } = await clew(['collect', '--port', '0', '--policies', file]);
    expect([status, stderr]).toEqual([1, `clew: can't read ${file}: no such file\n`]);
  });

  test('is refused if its policies are too large as JSON', async () => {
    const path = JSON.stringify(Array.from({ length: 900 }, (_, index) => `/${index}`.padEnd(1000, 'x')));
    replace(`policies:
  - { id: a, match: { path: &long ${path} }, keep: { never: true } }
  - { id: b, match: { path: *long }, keep: { never: true } }`);
    await expect(startCollector({ port: 0, policies: file })).rejects.toThrow(
      /expected policies of at most 1048576 bytes as JSON, got \d+/,
    );
  });
});

test('clew collect --policies reports what is in force, and what is not', async () => {
  const collect = await startCollect('--policies', file);
  await until(() => collect.output().includes('shop ('));
  expect(collect.output()).toBe(`clew: listening on ${collect.url}
clew: 2 policies of ${file} are in force
  Jaeger's samplers do not get health (match.path)
  Jaeger's samplers do not get shop (keep.onError)
`);
  replace('policies: [{ id: a, keep: { ratio: 2 } }]');
  await until(() => collect.output().includes('keep.ratio'));
  const [line, ...more] = collect.output().split('\n').slice(4, -1);
  expect(line).toMatch(/^clew: .*expected policies\[0\]\.keep\.ratio .*got 2.*last good set stays in force$/);
  expect(more).toEqual([]);
  expect(await (await fetch(collect.url + PATH)).json()).toEqual({ policies: POLICIES });
  replace('policies: [{ id: a, keep: { always: true } }]');
  await until(() => collect.output().includes('1 policy of'));
  expect(await collect.end('SIGTERM')).toBe(0);
});
