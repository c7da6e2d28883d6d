import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '../../src/collector.ts';
import { clew, NO_LISTENER } from '../clew-process.ts';
import { POSTED_AT, post, rootSpan } from './posted-spans.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-policies-'));
  file = join(folder, 'policies.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(text: string, ...options: string[]) {
  writeFileSync(file, text);
  return clew(['policies', 'check', file, ...options]);
}

describe('clew policies check', () => {
  test('accepts a valid file', async () => {
    const text = `policies:
  - { id: a, keep: { ratio: 0.5 } }
  - { id: b, enabled: false, keep: { always: true } }`;
    expect(await check(text)).toEqual({
      status: 0,
      stdout: `${file} is valid: 2 policies, 1 of them disabled\n`,
      stderr: '',
    });
    const { stdout } = await check(text, '--json');
    expect(JSON.parse(stdout)).toEqual({ valid: true, policies: 2, enabled: 1, skipped: [] });
  });

  test('lists each problem of an invalid file with its place and reason, with status 1', async () => {
    const text = 'policies: [{ id: a, keep: { ratio: 2 } }, { id: a, kepp: {}, keep: { never: true } }]';
    const { status, stdout, stderr } = await check(text);
    expect([status, stdout]).toEqual([1, '']);
    const [first, ...problems] = stderr.trimEnd().split('\n');
    expect(first).toBe(`clew: ${file} is invalid:`);
    expect(problems).toEqual([
      '  expected policies[0].keep.ratio in [0, 1], got 2',
      expect.stringMatching(/^ {2}expected policies\[1\].* got .*kepp/),
      ...problems.slice(2),
    ]);
  });

  test('prints the problems as JSON with --json', async () => {
    const { status, stdout } = await check('policies: [{ id: a, keep: { ratio: 2 } }]', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [{ place: 'policies[0].keep.ratio', expected: 'in [0, 1]', got: '2' }],
    });
  });

  test('escapes what a file contains', async () => {
    const { stderr } = await check('policies: [{ id: "a", keep: { ratio: "\\e[31m" } }]');
    expect(stderr).not.toContain('\x1b');
  });

  test('reports a file that cannot be read', async () => {
    const missing = join(folder, 'missing.yaml');
    expect(await clew(['policies', 'check', missing])).toEqual({
      status: 1,
      stdout: '',
      stderr: `clew: can't read ${missing}: no such file\n`,
    });
  });

  test('lists telemetry policies that a sampler cannot apply', async () => {
    const logs = { id: 'debug-logs', name: 'debug logs', log: { match: [], keep: 'none' } };
    const { status, stdout } = await check(JSON.stringify({ policies: [logs] }));
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/is valid: 0 policies\n {2}a sampler can't apply debug-logs: ./),
    ]);
  });
});

describe('clew policies check --traces', () => {
  let store: string;
  beforeEach(async () => {
    store = join(folder, 'traces.db');
    const collector = await startCollector({ port: 0, store });
    const root = (index: number, path: string, more: object = {}, attributes: object = {}) =>
      rootSpan(
        index,
        { 'http.request.method': 'GET', 'url.path': path, 'http.route': path, ...attributes },
        {
          startTimeUnixNano: `${POSTED_AT + index * 100}000000`,
          endTimeUnixNano: `${POSTED_AT + index * 100 + 5}000000`,
          ...more,
        },
      );
    const spans = [
      ...Array.from({ length: 40 }, (_, index) => root(index, '/health')),
      ...Array.from({ length: 50 }, (_, index) => root(40 + index, '/orders')),
      ...Array.from({ length: 8 }, (_, index) => root(90 + index, '/orders', { status: { code: 2 } })),
      root(98, '/slow', { endTimeUnixNano: `${POSTED_AT + 20_000}000000` }),
      root(99, '/health', {}, { 'clew.sampling.kept': 'requested' }),
      // A child in the same process is no local root; one in another process is.
      root(100, '/child', { traceId: '1'.padStart(32, '0'), parentSpanId: '1'.padStart(16, '0') }),
    ];
    await post(collector.url, spans);
    const downstream = root(101, '/stock', {
      traceId: '1'.padStart(32, '0'),
      parentSpanId: '1'.padStart(16, '0'),
    });
    await post(collector.url, [downstream], 'stock');
    await collector.close();
  });

  const POLICIES = `policies:
  - { id: health, match: { path: /health }, keep: { never: true } }
  - { id: orders, match: { service: shop, route: /orders }, keep: { always: true } }
  - { id: general, match: { service: shop }, keep: { ratio: 0, onError: true, slowerThanMs: 1000 } }
  - { id: rated, match: { path: /health }, keep: { tracesPerSecond: 1 } }
  - { id: unused, match: { method: POST }, keep: { never: true } }
  - { id: late, match: { service: stock }, keep: { onError: true } }`;

  test('reports what each policy matches and keeps, and what overrides it', async () => {
    const { status, stdout } = await check(POLICIES, '--traces', store);
    expect(status).toBe(0);
    expect(stdout).toBe(`${file} is valid: 6 policies

policy   keep                                 matched         kept         alone
health   never                                     40   40 %     0    0 %      0
orders   always                                    58   57 %     8   14 %     58
general  ratio 0, onError, slowerThanMs 1000       99   98 %     9  9.1 %      9
rated    tracesPerSecond 1                         40   40 %     0    0 %      4
unused   never                                      0    0 %     0             0
late     onError                                    1  1.0 %     0    0 %      0

101 local roots: 9 kept by policies (8.9 %), 90 dropped, 1 left to the parent or the default, 1 requested by users
orders is overridden by general: 50 traces
rated is overridden by general: 4 traces
rated is overridden by health: 4 traces
`);
  });

  test('reports the same as JSON', async () => {
    const { stdout } = await check(POLICIES, '--traces', store, '--json');
    expect(JSON.parse(stdout).traces).toMatchObject({
      roots: 101,
      requested: 1,
      kept: 9,
      dropped: 90,
      undecided: 1,
      conflicts: expect.arrayContaining([{ policy: 'orders', overriddenBy: 'general', traces: 50 }]),
    });
  });

  test('does not depend on the order of policies', async () => {
    const { policies } = JSON.parse((await check(POLICIES, '--traces', store, '--json')).stdout).traces;
    const [head, ...lines] = POLICIES.split('\n');
    const reversed = [head, ...lines.reverse()].join('\n');
    const result = JSON.parse((await check(reversed, '--traces', store, '--json')).stdout).traces;
    expect(result.policies.reverse()).toEqual(policies);
  });

  test('reports a store that cannot be read', async () => {
    const { status, stderr } = await check(POLICIES, '--traces', join(folder, 'missing.db'));
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^clew: can't read the store .*missing\.db: .*\n$/),
    ]);
  });
});

describe('clew policies show', () => {
  let collector: Collector;
  afterEach(() => collector.close());

  const keptSpans = [
    ['shop', 'ratio'],
    ['shop', 'error'],
    ['shop', 'error'],
    ['elsewhere', 'always'],
  ].map(([policy, kept], index) =>
    rootSpan(index, { 'clew.sampling.policy': policy as string, 'clew.sampling.kept': kept as string }),
  );

  test('shows what a collector serves, and what each policy has kept', async () => {
    writeFileSync(
      file,
      `policies:
  - { id: shop, keep: { ratio: 0.25, onError: true } }
  - { id: off, enabled: false, keep: { never: true } }`,
    );
    collector = await startCollector({ port: 0, policies: file });
    await post(collector.url, [...keptSpans, rootSpan(9, { 'clew.sampling.kept': 'requested' })]);
    expect(await clew(['policies', 'show', '--from', collector.url])).toEqual({
      status: 0,
      stderr: '',
      stdout: `policy     keep                 kept  why
shop       ratio 0.25, onError     3  ratio 1, error 2
off        disabled: never         0
elsewhere  not served here         1  always 1

1 trace was requested by users
`,
    });
    const { stdout } = await clew(['policies', 'show', '--from', collector.url, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      served: { policies: [{ id: 'shop' }, { id: 'off' }] },
      matches: { policies: { shop: { kept: 3 }, elsewhere: { kept: 1 } }, requested: 1 },
    });
  });

  test('shows what policies have kept if the collector serves none', async () => {
    collector = await startCollector({ port: 0 });
    await post(collector.url, keptSpans.slice(3));
    expect(await clew(['policies', 'show', '--from', collector.url])).toMatchObject({
      status: 0,
      stdout: `the collector serves no policies (clew collect --policies FILE)
policy     keep             kept  why
elsewhere  not served here     1  always 1
`,
    });
    const { stdout } = await clew(['policies', 'show', '--from', collector.url, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ served: null });
  });
});

test('clew policies show reports that no collector responds', async () => {
  expect(await clew(['policies', 'show', '--from', NO_LISTENER])).toEqual({
    status: 1,
    stdout: '',
    stderr: `clew: no collector responds at ${NO_LISTENER} (clew view starts one)\n`,
  });
});
