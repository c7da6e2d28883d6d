import { type Collector, startCollector } from '@clew/viewer';
import { program, run } from './child.ts';
import { makeProject, type Project } from './project.ts';

/** Runs a scenario of the program; returns its output and the lines on standard error. */
async function runScenario(
  scenario: string,
  { args = [] as string[], variables = {}, cwd = __dirname } = {},
) {
  const { stdout, stderr, code } = await run([program('init.mjs'), scenario, ...args], variables, cwd);
  expect([code, stderr.includes('    at ')]).toEqual([0, false]);
  return { output: JSON.parse(stdout) as unknown, lines: stderr.split('\n').filter((line) => line !== '') };
}

const REQUEST = ['CLIENT GET', 'SERVER GET'];
const ROUTE = ['CLIENT GET', 'SERVER GET /orders/:id'];

describe('a second init()', () => {
  test('returns the result of the first call, and warns about options', async () => {
    expect(await runScenario('twice')).toEqual({
      output: { same: [true, true, true] },
      lines: ['clew warn: @clew/node: tracing has already been started; these options are ignored'],
    });
  });

  test('throws for an invalid option', async () => {
    expect((await runScenario('wrongTwice')).output).toMatch('expected serviceName');
  });

  test('starts again after shutdown()', async () => {
    const round = { spans: REQUEST, ended: 2 };
    expect(await runScenario('again')).toEqual({ output: [round, round, round], lines: [] });
  });
});

test('does not start beside another SDK, and logs one line', async () => {
  expect(await runScenario('otherSdk')).toEqual({
    output: { theirs: true, stats: 'none' },
    lines: [
      'clew error: @clew/node: another OpenTelemetry SDK is active in this process; Clew does not start',
    ],
  });
});

test('does nothing and logs nothing when disabled', async () => {
  expect(await runScenario('disabled', { variables: { OTEL_SDK_DISABLED: 'true' } })).toEqual({
    output: { status: 200, stats: 'none' },
    lines: [],
  });
});

describe('with a collector', () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
  });
  afterAll(() => collector.close());

  test('flush() delivers, stats() counts', async () => {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    expect(await runScenario('flush', { variables })).toEqual({
      output: { queued: [1, 0], exported: [0, 1] },
      lines: [],
    });
    expect(collector.store.counts().spans).toBe(1);
  });
});

describe('plugins', () => {
  test('are found if installed', async () => {
    expect(await runScenario('found')).toEqual({ output: expect.arrayContaining(ROUTE), lines: [] });
  });

  test('take options from init() and from the environment', async () => {
    const all = ['INTERNAL request handler - /orders/:id', ...ROUTE];
    const byOptions = await runScenario('options');
    const variables = { CLEW_EXPRESS_LAYERS: 'all', CLEW_EXPRESS_IGNORE_LAYERS_TYPE: 'middleware' };
    const byVariables = await runScenario('found', { variables });
    for (const { output, lines } of [byOptions, byVariables]) {
      expect(output).toEqual(expect.arrayContaining(all));
      expect(output).toHaveLength(3);
      expect(lines).toEqual([]);
    }
  });

  test('are used next to a custom instrumentation of the same name', async () => {
    const { output, lines } = await runScenario('own');
    expect(output).toEqual(
      expect.arrayContaining([
        'INTERNAL middleware - authenticate',
        'INTERNAL request handler - /orders/:id',
      ]),
    );
    expect(output).toHaveLength(4);
    expect(lines).toEqual([]);
  });

  test.each([
    ['leftOut', {}, REQUEST],
    ['noDiscovery', {}, []],
    ['found', { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express,fs' }, REQUEST],
    ['found', { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http' }, REQUEST],
    ['found', { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,express' }, ROUTE],
    [
      'found',
      {
        OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,express',
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http',
      },
      [],
    ],
  ])('are not started if not wanted (%s %j)', async (scenario, variables, spans) => {
    const { output, lines } = await runScenario(scenario, { variables });
    expect((output as string[]).sort()).toEqual(spans);
    expect(lines).toEqual([]);
  });

  test('are reported if their module was loaded before init()', async () => {
    expect(await runScenario('early')).toEqual({
      output: expect.arrayContaining(REQUEST),
      lines: [
        "clew warn: @clew/node: express was loaded before init(), so @clew/instrumentation-express can't trace it; " +
          'call init() first, or start with --import @clew/node/register',
      ],
    });
  });
});

describe('an application with', () => {
  let project: Project;
  beforeEach(() => {
    project = makeProject();
  });
  afterEach(() => project.remove());

  test.each([
    ['is not JSON', '{', /Expected property name/],
    ['does not declare targets', '{"name":"@clew/instrumentation-odd"}', /has no field "clew"/],
    [
      'declares invalid targets',
      '{"name":"@clew/instrumentation-odd","clew":{"class":"Odd","targets":"express"}}',
      /field "clew" is not { class, targets }/,
    ],
    [
      'declares an invalid target',
      '{"name":"@clew/instrumentation-odd","clew":{"class":"Odd","targets":[7]}}',
      /field "clew" is not { class, targets }/,
    ],
  ])('a plugin whose package.json %s runs without it, with one log line', async (_what, manifest, why) => {
    project.write('node_modules/@clew/instrumentation-odd/package.json', manifest);
    const { output, lines } = await runScenario('plugins', { cwd: project.folder });
    expect(output).toEqual({ status: 200, spans: ROUTE });
    expect(lines).toEqual([
      expect.stringMatching(/^clew warn: @clew\/node: @clew\/instrumentation-odd is left out: /),
    ]);
    expect(lines[0]).toMatch(why);
  });

  test.each([
    ['throws', 'throw new Error("broken");', /broken/],
    ['exports no such class', 'exports.Other = class {};', /it exports no Odd/],
    [
      'exports a class that throws',
      'exports.Odd = class { static definition = { options: {} }; constructor() { throw new Error("broken"); } };',
      /broken/,
    ],
  ])('a plugin whose code %s runs without it, with one log line', async (_what, code, why) => {
    const clew = { class: 'Odd', targets: [{ module: 'express', versions: ['*'] }] };
    const manifest = { name: '@clew/instrumentation-odd', main: 'index.js', clew };
    project.write('node_modules/@clew/instrumentation-odd/package.json', JSON.stringify(manifest));
    project.write('node_modules/@clew/instrumentation-odd/index.js', code);
    const { output, lines } = await runScenario('plugins', { cwd: project.folder });
    expect(output).toEqual({ status: 200, spans: ROUTE });
    expect(lines).toEqual([
      expect.stringMatching(/^clew error: @clew\/node: @clew\/instrumentation-odd could not be loaded/),
    ]);
    expect(lines[0]).toMatch(why);
  });

  test('two copies of all packages is traced once, with a warning', async () => {
    project.copyPackages('core', 'tracer', 'node', 'instrumentation-http');
    const { output, lines } = await runScenario('copies', { args: [project.folder] });
    expect(output).toEqual({ same: true, spans: REQUEST });
    expect(lines).toEqual([
      'clew warn: @clew/node: tracing has already been started; these options are ignored',
      'clew warn: @clew/instrumentation-http is in use already; this second instance (or copy of the package) does nothing',
    ]);
  });
});
