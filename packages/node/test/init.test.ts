import { type Collector, startCollector } from '@clew/viewer';
import { program, run } from './child.ts';
import { makeProject, type Project } from './project.ts';

/** Plays a scene of the program: what it tells, and the lines on standard error. */
async function play(scene: string, { args = [] as string[], variables = {}, cwd = __dirname } = {}) {
  const { stdout, stderr, code } = await run([program('init.mjs'), scene, ...args], variables, cwd);
  expect([code, stderr.includes('    at ')]).toEqual([0, false]);
  return { told: JSON.parse(stdout) as unknown, lines: stderr.split('\n').filter((line) => line !== '') };
}

const REQUEST = ['CLIENT GET', 'SERVER GET'];
const ROUTE = ['CLIENT GET', 'SERVER GET /orders/:id'];

describe('a second init()', () => {
  test('gives back what the first gave, and warns when it has options', async () => {
    expect(await play('twice')).toEqual({
      told: { same: [true, true, true] },
      lines: ['clew warn: @clew/node: tracing has been started before; these options do nothing'],
    });
  });

  test('throws for a wrong option, too', async () => {
    expect((await play('wrongTwice')).told).toMatch('expected serviceName');
  });

  test('after shutdown() starts anew', async () => {
    const round = { spans: REQUEST, ended: 2 };
    expect(await play('again')).toEqual({ told: [round, round, round], lines: [] });
  });
});

test('with another SDK in the process Clew stays out, with one line', async () => {
  expect(await play('otherSdk')).toEqual({
    told: { theirs: true, stats: 'none' },
    lines: [
      'clew error: @clew/node: another OpenTelemetry SDK has been started in this process; Clew stays out',
    ],
  });
});

test('disabled it does nothing, without a word', async () => {
  expect(await play('disabled', { variables: { OTEL_SDK_DISABLED: 'true' } })).toEqual({
    told: { status: 200, stats: 'none' },
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
    expect(await play('flush', { variables })).toEqual({
      told: { queued: [1, 0], exported: [0, 1] },
      lines: [],
    });
    expect(collector.store.counts().spans).toBe(1);
  });
});

describe('plugins', () => {
  test('that are installed are found', async () => {
    expect(await play('found')).toEqual({ told: expect.arrayContaining(ROUTE), lines: [] });
  });

  test('take options, of init() and of the environment', async () => {
    const all = ['INTERNAL request handler - /orders/:id', ...ROUTE];
    const byOptions = await play('options');
    const variables = { CLEW_EXPRESS_LAYERS: 'all', CLEW_EXPRESS_IGNORE_LAYERS_TYPE: 'middleware' };
    const byVariables = await play('found', { variables });
    for (const { told, lines } of [byOptions, byVariables]) {
      expect(told).toEqual(expect.arrayContaining(all));
      expect(told).toHaveLength(3);
      expect(lines).toEqual([]);
    }
  });

  test('go after an own instrumentation of the same name', async () => {
    const { told, lines } = await play('own');
    expect(told).toEqual(
      expect.arrayContaining([
        'INTERNAL middleware - authenticate',
        'INTERNAL request handler - /orders/:id',
      ]),
    );
    expect(told).toHaveLength(4);
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
  ])('that are not wanted are left out (%s %j)', async (scene, variables, spans) => {
    const { told, lines } = await play(scene, { variables });
    expect((told as string[]).sort()).toEqual(spans);
    expect(lines).toEqual([]);
  });

  test('whose target was loaded before are told of', async () => {
    expect(await play('early')).toEqual({
      told: expect.arrayContaining(REQUEST),
      lines: [
        "clew warn: @clew/node: express was loaded before init(), so @clew/instrumentation-express can't trace it; " +
          'call init() first, or start with --import @clew/node/register',
      ],
    });
  });
});

describe('a program with', () => {
  let project: Project;
  beforeEach(() => {
    project = makeProject();
  });
  afterEach(() => project.remove());

  test.each([
    ['is no JSON', '{', /Expected property name/],
    ['says nothing of what it traces', '{"name":"@clew/instrumentation-odd"}', /has no field "clew"/],
    [
      'says nonsense of what it traces',
      '{"name":"@clew/instrumentation-odd","clew":{"class":"Odd","targets":"express"}}',
      /field "clew" is not { class, targets }/,
    ],
    [
      'has nonsense for a target',
      '{"name":"@clew/instrumentation-odd","clew":{"class":"Odd","targets":[7]}}',
      /field "clew" is not { class, targets }/,
    ],
  ])('a plugin whose package.json %s goes on without it, with one line', async (_what, manifest, why) => {
    project.write('node_modules/@clew/instrumentation-odd/package.json', manifest);
    const { told, lines } = await play('plugins', { cwd: project.folder });
    expect(told).toEqual({ status: 200, spans: ROUTE });
    expect(lines).toEqual([
      expect.stringMatching(/^clew warn: @clew\/node: @clew\/instrumentation-odd is left out /),
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
  ])('a plugin whose code %s goes on without it, with one line', async (_what, code, why) => {
    const clew = { class: 'Odd', targets: [{ module: 'express', versions: ['*'] }] };
    const manifest = { name: '@clew/instrumentation-odd', main: 'index.js', clew };
    project.write('node_modules/@clew/instrumentation-odd/package.json', JSON.stringify(manifest));
    project.write('node_modules/@clew/instrumentation-odd/index.js', code);
    const { told, lines } = await play('plugins', { cwd: project.folder });
    expect(told).toEqual({ status: 200, spans: ROUTE });
    expect(lines).toEqual([
      expect.stringMatching(/^clew error: @clew\/node: @clew\/instrumentation-odd could not be loaded/),
    ]);
    expect(lines[0]).toMatch(why);
  });

  test('two copies of everything is traced once, and told', async () => {
    project.copyPackages('core', 'tracer', 'node', 'instrumentation-http');
    const { told, lines } = await play('copies', { args: [project.folder] });
    expect(told).toEqual({ same: true, spans: REQUEST });
    expect(lines).toEqual([
      'clew warn: @clew/node: tracing has been started before; these options do nothing',
      'clew warn: @clew/instrumentation-http is in use already; this second instance (or copy of the package) does nothing',
    ]);
  });
});
