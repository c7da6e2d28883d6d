import { pathToFileURL } from 'node:url';
import { type Collector, startCollector } from '@clew/viewer';
import { run } from './child.ts';
import { makeProject, type Project } from './project.ts';
import { APPLICATION, installToyDatabase, installToyPlugin } from './toy-packages.ts';

const PLUGIN = 'clew-instrumentation-toy';
const TRACED = ['SELECT'];
const UNTRACED: string[] = [];

let collector: Collector;
let project: Project;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());
beforeEach(() => {
  project = makeProject();
  project.copyPackages('core', 'tracer', 'node');
  installToyDatabase(project);
  for (const [file, text] of Object.entries(APPLICATION)) project.write(file, text);
});
afterEach(() => project.remove());

/** Runs the application with the preload: names of its spans, and lines on standard error. */
async function trace(file = 'main.cjs', variables: Record<string, string> = {}, cwd = project.folder) {
  const preload = pathToFileURL(`${project.folder}/node_modules/@clew/node/dist/register.js`).href;
  const service = `${project.folder} ${file} ${Math.random()}`;
  const ended = await run(
    ['--no-warnings', '--import', preload, `${project.folder}/${file}`],
    { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: service, ...variables },
    cwd,
  );
  expect(ended).toMatchObject({ code: 0, stdout: '' });
  const lines = ended.stderr.split('\n').filter((line) => line !== '');
  return { spans: spansOf(service), lines };
}

/** Runs the application after `init()` with these options: names of its spans. */
async function traceWith(options: string): Promise<string[]> {
  project.write('init.cjs', `require('@clew/node').init(${options});\n${APPLICATION['main.cjs']}`);
  const service = `${project.folder} ${options}`;
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: service };
  expect(await run(['--no-warnings', 'init.cjs'], variables, project.folder)).toMatchObject({
    code: 0,
    stderr: '',
  });
  return spansOf(service);
}

function spansOf(service: string): string[] {
  const traces = collector.store.traces({ service, limit: 100 });
  const spans = traces.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
  return spans.map(({ name }) => name);
}

/** The application's package.json. */
function manifest(content: object, folder = '.'): void {
  project.write(`${folder}/package.json`, JSON.stringify(content));
}

describe('a plugin of another publisher', () => {
  test.each([
    ['main.cjs', 'dependencies', PLUGIN],
    ['main.mjs', 'dependencies', PLUGIN],
    ['main.cjs', 'devDependencies', '@acme/toy-tracing'],
    ['main.mjs', 'optionalDependencies', '@acme/clew-instrumentation-toy'],
  ])('traces %s when it is one of its %s (%s)', async (file, field, name) => {
    installToyPlugin(project, name);
    manifest({ [field]: { [name]: '^1.0.0' } });
    expect(await trace(file)).toEqual({ spans: TRACED, lines: [] });
    expect(await trace(file, {}, '/')).toEqual({ spans: TRACED, lines: [] });
  });

  test('is found for the members of a workspace whose root depends on it', async () => {
    installToyPlugin(project, PLUGIN);
    manifest({ workspaces: ['services/*'], devDependencies: { [PLUGIN]: '^1.0.0' } });
    manifest({}, 'services/shop');
    project.write('services/shop/main.cjs', APPLICATION['main.cjs']);
    expect(await trace('services/shop/main.cjs')).toEqual({ spans: TRACED, lines: [] });
    manifest({ devDependencies: { [PLUGIN]: '^1.0.0' } });
    expect((await trace('services/shop/main.cjs', {}, '/')).spans).toEqual(UNTRACED);
  });

  test('traces the examples in its own folder', async () => {
    installToyPlugin(project, PLUGIN, '.');
    expect(await trace()).toEqual({ spans: TRACED, lines: [] });
  });

  test.each([{}, { dependencies: { other: '^1.0.0' } }])(
    'is not used where the application does not depend on it: %j',
    async (content) => {
      installToyPlugin(project, PLUGIN);
      manifest(content);
      expect(await trace()).toEqual({ spans: UNTRACED, lines: [] });
    },
  );

  test('takes options by its short name, by its package name and from the environment', async () => {
    installToyPlugin(project, PLUGIN);
    manifest({ dependencies: { [PLUGIN]: '^1.0.0' } });
    expect((await trace('main.cjs', { CLEW_TOY_REQUIRE_PARENT_SPAN: 'true' })).spans).toEqual(UNTRACED);
    for (const [plugins, spans] of [
      ['{ toy: { requireParentSpan: true } }', UNTRACED],
      [`{ '${PLUGIN}': { requireParentSpan: true } }`, UNTRACED],
      ['{ toy: false }', UNTRACED],
      [`{ '${PLUGIN}': false }`, UNTRACED],
      [`{ '${PLUGIN}': { maxQueryLength: 9 } }`, TRACED],
    ] as const)
      expect([plugins, await traceWith(`{ plugins: ${plugins} }`)]).toEqual([plugins, spans]);
  });

  test('is replaced by an instance of its class', async () => {
    installToyPlugin(project, PLUGIN);
    manifest({ dependencies: { [PLUGIN]: '^1.0.0' } });
    const made = (options: string) =>
      `{ instrumentations: [new (require('${PLUGIN}').ToyInstrumentation)(${options})] }`;
    expect(await traceWith(made(''))).toEqual(TRACED);
    expect(await traceWith(made('{ requireParentSpan: true }'))).toEqual(UNTRACED);
  });

  test.each([
    ['OTEL_NODE_DISABLED_INSTRUMENTATIONS', 'toy', UNTRACED],
    ['OTEL_NODE_DISABLED_INSTRUMENTATIONS', PLUGIN, UNTRACED],
    ['OTEL_NODE_ENABLED_INSTRUMENTATIONS', 'toy', TRACED],
    ['OTEL_NODE_ENABLED_INSTRUMENTATIONS', PLUGIN, TRACED],
  ])('is chosen by %s=%s', async (variable, name, spans) => {
    installToyPlugin(project, PLUGIN);
    manifest({ dependencies: { [PLUGIN]: '^1.0.0' } });
    expect(await trace('main.cjs', { [variable]: name })).toEqual({ spans, lines: [] });
  });

  test.each([
    { class: 'Toy' },
    { class: 'Toy', targets: [null] },
    { class: 'Toy', targets: [{ module: 'toy-database', versions: '1' }] },
    { class: 'Toy', targets: [{ module: 'toy-database', versions: [1] }] },
    { class: 'Toy', targets: [{ module: 'toy-database', file: 7 }] },
    { class: 'Toy', targets: [{ channel: 7 }] },
  ])('with an invalid field is left out with one line: %j', async (clew) => {
    project.write(`node_modules/broken/package.json`, JSON.stringify({ name: 'broken', clew }));
    installToyPlugin(project, PLUGIN);
    manifest({ dependencies: { broken: '^1.0.0', [PLUGIN]: '^1.0.0' } });
    expect(await trace()).toEqual({
      spans: TRACED,
      lines: ['clew warn: @clew/node: broken is left out: its field "clew" is not { class, targets }'],
    });
  });
});

test('a broken plugin is logged once, even if it is found several times', async () => {
  const name = '@clew/instrumentation-broken';
  project.write(`node_modules/${name}/package.json`, JSON.stringify({ name, clew: {} }));
  manifest({ dependencies: { [name]: '^1.0.0' } });
  project.write('inner/main.cjs', APPLICATION['main.cjs']);
  const { lines } = await trace('inner/main.cjs', { CLEW_INSTRUMENTATIONS: name });
  expect(lines).toEqual([expect.stringContaining(`${name} is left out: `)]);
});

test('ignores a dependency that is not a plugin, whatever its package.json contains', async () => {
  project.write('node_modules/first/package.json', '{');
  project.write('node_modules/second/package.json', '{"name":"second","keywords":["clew"]}');
  manifest({ dependencies: { first: '1', second: '1', third: '1' } });
  expect(await trace()).toEqual({ spans: UNTRACED, lines: [] });
});

describe('two plugins with one short name', () => {
  const OTHER = '@acme/instrumentation-toy';
  const LINE =
    `clew warn: @clew/node: ${PLUGIN} and ${OTHER} are both called "toy" in options: only ${PLUGIN} is used; ` +
    `disable one of them: OTEL_NODE_DISABLED_INSTRUMENTATIONS=${PLUGIN}`;

  beforeEach(() => {
    for (const name of [PLUGIN, OTHER]) installToyPlugin(project, name);
    manifest({ dependencies: { [PLUGIN]: '^1.0.0', [OTHER]: '^1.0.0' } });
  });

  test('trace once, with one line', async () => {
    expect(await trace()).toEqual({ spans: TRACED, lines: [LINE] });
  });

  test('of which one is disabled take the options of the other', async () => {
    const code = 'exports.ToyInstrumentation = class { static definition = { options: {} }; };';
    project.write(`node_modules/${PLUGIN}/index.js`, code);
    expect(await traceWith(`{ plugins: { '${PLUGIN}': false, toy: { maxQueryLength: 9 } } }`)).toEqual(
      TRACED,
    );
  });

  test('do not conflict if one is disabled', async () => {
    const variables = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: PLUGIN };
    expect(await trace('main.cjs', variables)).toEqual({ spans: TRACED, lines: [] });
  });
});

describe('CLEW_INSTRUMENTATIONS', () => {
  test.each(['main.cjs', 'main.mjs'])('adds plugins that %s does not depend on', async (file) => {
    installToyPlugin(project, PLUGIN);
    expect(await trace(file, { CLEW_INSTRUMENTATIONS: PLUGIN })).toEqual({ spans: TRACED, lines: [] });
  });

  test.each([
    ['missing', 'it is not installed: npm install missing'],
    [
      'toy-database',
      'expected "clew": { "class": "…", "targets": […] } in its package.json; a package without it is not a plugin of Clew',
    ],
    [
      '@opentelemetry/instrumentation-koa',
      'it is an instrumentation of OpenTelemetry: name it in CLEW_OPENTELEMETRY_INSTRUMENTATIONS',
    ],
  ])('warns of %s, and the others run', async (name, reason) => {
    installToyPlugin(project, PLUGIN);
    expect(await trace('main.cjs', { CLEW_INSTRUMENTATIONS: `${name},${PLUGIN}` })).toEqual({
      spans: TRACED,
      lines: [`clew warn: @clew/node: "${name}" in CLEW_INSTRUMENTATIONS is left out: ${reason}`],
    });
  });

  test('decides which of two plugins with one short name is used', async () => {
    installToyPlugin(project, PLUGIN);
    installToyPlugin(project, '@acme/instrumentation-toy');
    manifest({ dependencies: { '@acme/instrumentation-toy': '^1.0.0' } });
    const { lines } = await trace('main.cjs', { CLEW_INSTRUMENTATIONS: PLUGIN });
    expect(lines).toEqual([expect.stringContaining(`only ${PLUGIN} is used`)]);
  });
});

test('at level info one line names the plugins that run and those that are not used', async () => {
  const other = '@acme/clew-instrumentation-other';
  installToyPlugin(project, PLUGIN);
  installToyPlugin(project, other);
  manifest({ dependencies: { [PLUGIN]: '^1.0.0', [other]: '^1.0.0' } });
  const pluginsIn = async (variables: Record<string, string>) => {
    const { lines } = await trace('main.cjs', { OTEL_LOG_LEVEL: 'info', ...variables });
    return lines.filter((line) => line.includes('plugins'));
  };
  expect(await pluginsIn({})).toEqual([`clew info: @clew/node: plugins: ${PLUGIN}, ${other}`]);
  expect(await pluginsIn({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'other' })).toEqual([
    `clew info: @clew/node: plugins: ${PLUGIN}; not used: ${other}`,
  ]);
  expect(await pluginsIn({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'other,toy' })).toEqual([
    `clew info: @clew/node: plugins: none; not used: ${PLUGIN}, ${other}`,
  ]);
});
