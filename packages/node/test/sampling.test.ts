import { writeFileSync } from 'node:fs';
import { type Collector, startCollector } from '@clew/viewer';
import { PRELOAD, program, run } from './child.ts';
import { policy, spansKept, startSpans } from './sampled-spans.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { file } = temporaryFolder();

describe('init({ sampling })', () => {
  test('decides by policies, and counts what they do', async () => {
    const policies = [policy('health', { never: true }), policy('f*', { ratio: 0, onError: true })];
    const names = ['health', 'fine', 'fail', 'other'];
    const { kept, code, stderr, stats } = await spansKept({ sampling: { policies } }, {}, names);
    expect({ kept, code, stderr }).toEqual({ kept: ['fail error', 'other'], code: 0, stderr: '' });
    expect(stats).toMatchObject({
      spansStarted: 4,
      late: { keptAtEnd: 1, forgotten: 1 },
      sampling: {
        policies: { kept: 0, dropped: 3 },
        byPolicy: { health: { matched: 1, dropped: 1 }, 'f*': { matched: 2, keptLate: 1 } },
        providers: {},
      },
    });
  });

  test('policies can name attributes of the resource, given and detected', async () => {
    const policies = [
      { id: 'a', match: { service: 'shop', name: 'a' }, keep: { never: true } },
      { id: 'b', match: { resource: { 'telemetry.sdk.name': 'clew' }, name: 'b' }, keep: { never: true } },
      { id: 'c', match: { service: 'other' }, keep: { never: true } },
    ];
    const { kept } = await spansKept({ serviceName: 'shop', sampling: { policies } }, {}, ['a', 'b', 'c']);
    expect(kept).toEqual(['c']);
  });

  test('the default is that of the options, or else the sampler of the environment', async () => {
    const variables = { OTEL_TRACES_SAMPLER: 'always_off' };
    const names = ['root', 'child sampled'];
    expect((await spansKept({ sampling: {} }, variables, names)).kept).toEqual([]);
    const options = { sampling: { default: { always: true }, followParent: false } };
    expect((await spansKept(options, variables, names)).kept).toEqual(['root', 'child']);
    const following = { OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
    expect((await spansKept({ sampling: {} }, following, names)).kept).toEqual(['child']);
  });
});

describe('a file of policies', () => {
  test.each([
    ['the option', (path: string) => ({ options: { sampling: { file: path } }, variables: {} })],
    ['CLEW_SAMPLING_FILE', (path: string) => ({ options: {}, variables: { CLEW_SAMPLING_FILE: path } })],
  ])('that %s names is used from the first span on, and read again after a change', async (title, given) => {
    const path = file({ policies: [policy('a', { never: true })] }, `${title.length}.json`);
    const running = startSpans(given(path).options, given(path).variables);
    expect([await running.span('a'), await running.span('b')]).toEqual([[], ['b']]);
    writeFileSync(path, JSON.stringify({ policies: [policy('b', { never: true })] }));
    await running.until('b', []);
    expect(await running.span('a')).toEqual(['a']);
    const { code, stderr, stats } = await running.end();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stats).toMatchObject({ sampling: { providers: { [`file ${path}`]: { loads: 2 } } } });
  });
});

describe('keep-on-error when the process ends', () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
  });
  afterAll(() => collector.close());

  test.each([
    ['throws in a timer of a handler', ['CLIENT GET', 'SERVER GET']],
    ['rejects in a handler', ['CLIENT GET', 'SERVER GET']],
    ['throws in a handler, and continues', ['SERVER GET']],
    ['exits in a response', []],
  ])('a process that %s', async (way, expected) => {
    const service = `service that ${way}`;
    const path = file({ policies: [{ id: 'errors', keep: { ratio: 0, onError: true } }] }, 'errors.json');
    await run([...PRELOAD, program('unfinished.mjs'), way], {
      CLEW_SAMPLING_FILE: path,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: service,
    });
    const traces = collector.store.traces({ service, limit: 10 });
    const spans = traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
    expect(spans.map(({ kind, name }) => `${kind} ${name.replace(' /orders', '')}`).sort()).toEqual(expected);
  });
});

describe('the package of policies', () => {
  const loaded = `console.log(Object.keys(require.cache).filter((path) => /(sampling|yaml).dist/.test(path)).length > 0)`;
  const isLoaded = async (variables: Record<string, string>) =>
    (await run(['--require', '@clew/node/register', '--eval', loaded], variables)).stdout.trim();

  test('is loaded only if policies are configured', async () => {
    expect(await isLoaded({})).toBe('false');
    expect(await isLoaded({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' })).toBe('false');
    expect(await isLoaded({ CLEW_SAMPLING_FILE: file({ policies: [] }, 'none.json') })).toBe('true');
  });
});

test.each([
  [{ CLEW_SAMPLING_URL: 'nowhere' }, 'CLEW_SAMPLING_URL is left out: @clew/sampling: expected http.url'],
  [
    { OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_TRACES_SAMPLER_ARG: 'endpoint=nowhere' },
    'OTEL_TRACES_SAMPLER is left out: @clew/sampling: expected jaeger.url',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'xray', OTEL_TRACES_SAMPLER_ARG: 'polling_interval=0' },
    'expected polling_interval in OTEL_TRACES_SAMPLER_ARG to be a number in [1, 86400], got "0"',
  ],
])('%j logs one warning, and the service starts', async (variables, warning) => {
  const { code, stderr, kept } = await spansKept({}, variables, ['child sampled']);
  expect({ code, kept: kept.length <= 1 }).toEqual({ code: 0, kept: true });
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes('ECONNREFUSED'));
  expect(lines).toEqual([expect.stringContaining(warning)]);
});
