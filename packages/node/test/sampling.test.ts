import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Collector, startCollector } from '@clew/viewer';
import { PRELOAD, program, run, start } from './child.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-sampling-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: object | string): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** A program that starts a span for each name it is sent. */
function startSpans(options: object, variables: Record<string, string> = {}) {
  const running = start(
    [program('sampling.mjs'), JSON.stringify(options)],
    variables,
    __dirname,
    process.execPath,
    true,
  );
  const lines = createInterface(running.process.stdout!)[Symbol.asyncIterator]();
  return {
    /** The exported spans, each with the reason for which it was kept. */
    async span(name: string): Promise<string[]> {
      running.process.stdin!.write(`${name}\n`);
      const { value } = await lines.next();
      return JSON.parse(value as string) as string[];
    },
    /** Starts spans with this name until the exported ones are as expected. */
    async until(name: string, expected: readonly string[]) {
      const deadline = Date.now() + 10_000;
      while (JSON.stringify(await this.span(name)) !== JSON.stringify(expected))
        if (Date.now() > deadline) throw new Error(`"${name}" was never ${JSON.stringify(expected)}`);
    },
    async end() {
      running.process.stdin!.end();
      const { value } = await lines.next();
      const { code, stderr } = await running.ended;
      return { code, stderr, stats: JSON.parse(value as string) as Record<string, never> };
    },
  };
}

async function spansKept(options: object, variables: Record<string, string>, names: readonly string[]) {
  const program = startSpans(options, variables);
  const kept: string[] = [];
  for (const name of names) kept.push(...(await program.span(name)));
  return { kept, ...(await program.end()) };
}

const policy = (name: string, keep: object) => ({ id: name, match: { name }, keep });

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

  test('the last step is the option, or else the sampler of the environment', async () => {
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
  ])('that %s names is in force from the first span, and after a change', async (title, given) => {
    const path = file(`${title.length}.json`, { policies: [policy('a', { never: true })] });
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

describe('a server', () => {
  let server: Server;
  let requests: string[];
  let respond: (url: string) => unknown;
  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const content = JSON.stringify(respond(request.url ?? ''));
      response.writeHead(200, { 'content-type': 'application/json' }).end(content);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  test('provides policies (CLEW_SAMPLING_URL)', async () => {
    respond = () => ({ policies: [policy('a', { never: true })] });
    const running = startSpans({}, { CLEW_SAMPLING_URL: `${address()}/policies` });
    await running.until('a', []);
    expect(await running.span('b')).toEqual(['b']);
    expect(requests[0]).toBe('GET /policies');
    const { code, stderr } = await running.end();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('is an OpAMP server (CLEW_SAMPLING_OPAMP_URL)', async () => {
    respond = () => ({});
    const running = startSpans({}, { CLEW_SAMPLING_OPAMP_URL: `${address()}/v1/opamp` });
    while (!requests.includes('POST /v1/opamp')) expect(await running.span('a')).toEqual(['a']);
    const { code, stats } = await running.end();
    expect(code).toBe(0);
    expect(Object.keys((stats as unknown as { sampling: { providers: object } }).sampling.providers)).toEqual(
      [`opamp ${address()}/v1/opamp`],
    );
  });

  test.each([['jaeger_remote'], ['parentbased_jaeger_remote']])(
    'is Jaeger, which decides where a trace starts (OTEL_TRACES_SAMPLER=%s)',
    async (sampler) => {
      respond = () => ({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0 } });
      const running = startSpans(
        {},
        {
          OTEL_SERVICE_NAME: 'a shop',
          OTEL_TRACES_SAMPLER: sampler,
          OTEL_TRACES_SAMPLER_ARG: `endpoint=${address()},pollingIntervalMs=1000,initialSamplingRate=1`,
        },
      );
      expect(await running.span('root')).toEqual(['root']);
      await running.until('root', []);
      expect(await running.span('child sampled')).toEqual(['child']);
      expect(requests[0]).toBe('GET /sampling?service=a+shop');
      const { code, stderr } = await running.end();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  test('is X-Ray’s daemon (OTEL_TRACES_SAMPLER=xray)', async () => {
    const rule = {
      RuleName: 'Default',
      Priority: 1000,
      FixedRate: 0,
      ReservoirSize: 0,
      ServiceName: '*',
      ServiceType: '*',
      Host: '*',
      HTTPMethod: '*',
      URLPath: '*',
      ResourceARN: '*',
      Version: 1,
      Attributes: {},
    };
    respond = (url) =>
      url === '/GetSamplingRules'
        ? { SamplingRuleRecords: [{ SamplingRule: rule, CreatedAt: 0, ModifiedAt: 0 }], NextToken: null }
        : { SamplingTargetDocuments: [], UnprocessedStatistics: [] };
    const running = startSpans(
      {},
      { OTEL_TRACES_SAMPLER: 'xray', OTEL_TRACES_SAMPLER_ARG: `endpoint=${address()},polling_interval=60` },
    );
    await running.span('first');
    const { stats } = await (async () => {
      while (!requests.includes('POST /GetSamplingRules')) await running.span('next');
      // One trace a second may be borrowed from a rule until X-Ray has assigned a quota.
      await running.until('root', []);
      expect(await running.span('child sampled')).toEqual(['child']);
      return running.end();
    })();
    expect(stats).toMatchObject({ sampling: { policies: { kept: 0, dropped: 0 }, late: { error: 0 } } });
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
    const path = file('errors.json', { policies: [{ id: 'errors', keep: { ratio: 0, onError: true } }] });
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
    expect(await isLoaded({ CLEW_SAMPLING_FILE: file('none.json', { policies: [] }) })).toBe('true');
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
