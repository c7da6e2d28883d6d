// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in configuration files
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { parseConfigFile } from '@opentelemetry/configuration';
import { readConfigFile } from '../src/config-file.ts';
import { configurationFrom } from '../src/declared.ts';
import { declaredOptions } from '../src/declared-options.ts';
import { PRELOAD, run } from './child.ts';

let folder: string;
let count = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clew-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, `${count++}.yaml`);
  writeFileSync(path, content);
  return path;
}

const EXPORTER = 'batch: { exporter: { otlp_http: {} } }';
const traces = (more: string, processor = EXPORTER) => `
file_format: "1.0"
tracer_provider:
  processors: [${processor}]
${more.replace(/^/gm, '  ')}
`;

describe('reading', () => {
  const VARIABLES = { TEXT: 'a b', NUMBER: '42', TRUE: 'true', EMPTY: '', LIST: '[1]', DOLLAR: '${TEXT}' };
  const VALUES = [
    '${TEXT}',
    '"${NUMBER}"',
    '${NUMBER}',
    '${TRUE}',
    '${env:TEXT}',
    '${EMPTY}',
    '${EMPTY:-x}',
    '${MISSING}',
    '${MISSING:-0.5}',
    '${MISSING:-}',
    '${LIST}',
    '${DOLLAR}',
    '$${TEXT}',
    '$$$${TEXT}',
    '$TEXT',
    'a-${NUMBER}-${TEXT}',
    "'${TRUE}'",
    '"line ${TEXT}\\n"',
    '0x10',
    '"1.0"',
  ];

  test.each(VALUES)('%s is read as OpenTelemetry’s parser reads it', (value) => {
    const path = file(`file_format: "1.0"\nresource:\n  attributes:\n    - name: a\n      value: ${value}\n`);
    const given = process.env;
    process.env = { ...given, ...VARIABLES };
    let theirs: unknown;
    try {
      theirs = parseConfigFile(path);
    } finally {
      process.env = given;
    }
    const { file_format: version, ...ours } = readConfigFile(path, VARIABLES) as Record<string, unknown>;
    expect(ours).toEqual(theirs);
    expect(version).toBe('1.0');
  });

  test.each([
    ['a: ${1}', 'expected ${NAME} or ${NAME:-default}, got ${1}'],
    ['a: ${NAME:?error}', 'got ${NAME:?error}'],
    ['a: [', 'Flow sequence'],
    [`a: ${'x'.repeat(1_048_576)}`, 'expected at most 1048576 bytes'],
  ])('%s is refused', (content, message) => {
    expect(() => readConfigFile(file(content.slice(0, 2_000_000)), {})).toThrow(message);
  });
});

describe('the options of a file', () => {
  const read = (content: string) => declaredOptions(readConfigFile(file(content), {}));

  test('resource, exporter, limits, propagators and level of the log', () => {
    const declared = read(`
file_format: "1.1"
log_level: debug
resource:
  attributes:
    - { name: service.name, value: shop }
    - { name: count, value: "7", type: int }
    - { name: version, value: 1.5 }
    - { name: zones, value: [a, b], type: string_array }
  attributes_list: "service.name=other,team=a%20b"
propagator:
  composite: [{ tracecontext: null }, { b3: null }]
  composite_list: "baggage,b3"
attribute_limits: { attribute_count_limit: 64, attribute_value_length_limit: 100 }
meter_provider: { readers: [] }
tracer_provider:
  limits: { attribute_count_limit: 32, link_count_limit: 5 }
  processors:
    - batch:
        schedule_delay: 0
        export_timeout: 0
        max_queue_size: 100
        max_export_batch_size: 10
        exporter:
          otlp_http:
            endpoint: http://collector:4318/v1/traces
            encoding: json
            compression: gzip
            timeout: 2000
            headers_list: "a=1,b=2"
            headers: [{ name: b, value: "3" }]
`);
    expect(declared).toEqual({
      isDisabled: false,
      unsupported: [],
      sampling: undefined,
      options: {
        logLevel: 'debug',
        resource: { 'service.name': 'shop', count: 7, version: '1.5', zones: ['a', 'b'], team: 'a b' },
        propagation: {
          extract: ['tracecontext', 'b3', 'baggage'],
          inject: ['tracecontext', 'b3', 'baggage'],
        },
        limits: { attributeCount: 32, attributeValueLength: 100, linkCount: 5 },
        exporter: {
          url: 'http://collector:4318/v1/traces',
          protocol: 'http/json',
          compression: 'gzip',
          timeoutMs: 2000,
          headers: { a: '1', b: '3' },
          scheduleDelayMs: 1,
          retryForMs: 3_600_000,
          maxQueueBytes: 102_400,
          maxBatchBytes: 10_240,
        },
      },
    });
  });

  test('a file without a tracer provider records nothing, and one without propagators propagates nothing', () => {
    const { options, sampling } = read('file_format: "1.0"');
    expect(options).toMatchObject({ exporter: false, propagation: { extract: [], inject: [] } });
    expect(String(sampling?.plain)).toBe('AlwaysOffSampler');
    expect(sampling?.default).toEqual({ never: true });
  });

  test.each([
    ['always_on:', 'AlwaysOnSampler'],
    ['always_off: {}', 'AlwaysOffSampler'],
    ['trace_id_ratio_based: { ratio: 0.25 }', 'TraceIdRatioBased{0.25}'],
    ['trace_id_ratio_based:', 'TraceIdRatioBased{1}'],
    [
      'parent_based: { root: { always_off: } }',
      /^ParentBased\{root=AlwaysOffSampler, remoteParentSampled=AlwaysOn/,
    ],
    [
      'parent_based: { root: { always_on: }, remote_parent_not_sampled: { trace_id_ratio_based: { ratio: 0.5 } } }',
      /remoteParentNotSampled=TraceIdRatioBased\{0.5\}/,
    ],
  ])('the sampler %s', (sampler, expected) => {
    const { plain } = read(traces(`sampler: { ${sampler} }`)).sampling ?? {};
    if (typeof expected === 'string') expect(String(plain)).toBe(expected);
    else expect(String(plain)).toMatch(expected);
  });

  test('the file in the README is read as it says', () => {
    const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    const { options, sampling, unsupported } = read(/```yaml\n(file_format.*?)```/s.exec(readme)?.[1] ?? '');
    expect(options.resource).toEqual({ 'service.name': 'shop' });
    expect(options.exporter).toEqual({ url: 'http://collector:4318/v1/traces' });
    expect([sampling?.plain, typeof sampling?.rules, unsupported]).toEqual([undefined, 'function', []]);
  });

  test('what is not supported is listed', () => {
    const { unsupported, options } = read(`
file_format: "1.0"
propagator: { composite: [{ tracecontext: }, { custom: }] }
tracer_provider:
  id_generator: { random: }
  processors:
    - simple: { exporter: { console: } }
    - batch: { exporter: { otlp_http: { endpoint: "http://a" } }, unknown: 1 }
`);
    expect(options.exporter).toEqual({ url: 'http://a' });
    expect(unsupported).toEqual([
      'propagator custom',
      'tracer_provider.processors[0].simple.exporter.console',
      'tracer_provider.processors[1].batch.unknown',
      'tracer_provider.id_generator',
    ]);
  });

  test.each([
    ['', 'expected the file to be a mapping'],
    ['file_format: "2.0"', 'expected file_format to be 1.x, got "2.0"'],
    ['file_format: "1.0"\nresource: 5', 'expected resource to be a mapping, got 5'],
    [
      traces('limits: { link_count_limit: -1 }'),
      'expected tracer_provider.limits.link_count_limit to be an integer',
    ],
    [traces('sampler: {}'), 'expected tracer_provider.sampler to have one sampler, got 0'],
    [traces('sampler: { rule: }'), 'expected tracer_provider.sampler to have one of always_on, '],
    [
      traces('sampler: { trace_id_ratio_based: { ratio: 2 } }'),
      'expected tracer_provider.sampler.trace_id_ratio_based.ratio to be a number in [0, 1], got 2',
    ],
    [
      traces('', 'batch: { exporter: { otlp_http: { encoding: xml } } }'),
      'expected tracer_provider.processors[0].batch.exporter.otlp_http.encoding to be protobuf, json, got "xml"',
    ],
  ])('%j is refused', (content, message) => {
    expect(() => read(content)).toThrow(message);
  });
});

describe('OTEL_CONFIG_FILE', () => {
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
  });
  afterAll(() => collector.close());

  /** The spans of a program that starts `health`, `root` and a child of a sampled caller. */
  async function spansWith(sampler: string, variables: Record<string, string> = {}, more = '') {
    const service = `service ${count++}`;
    const content = `
${traces(sampler === '' ? '' : `sampler:\n${sampler.replace(/^/gm, '  ')}`, `batch: { exporter: { otlp_http: { endpoint: "\${ENDPOINT}" } } }`)}
resource: { attributes: [{ name: service.name, value: "${service}" }] }
propagator: { composite: [{ tracecontext: }] }
${more}`;
    const code = `
      const { trace, ROOT_CONTEXT } = require('@opentelemetry/api');
      const tracer = trace.getTracer('application');
      const traceId = require('node:crypto').randomBytes(16).toString('hex');
      const remote = { traceId, spanId: 'b'.repeat(16), isRemote: true, traceFlags: 1 };
      for (const name of ['health', 'root'])
        tracer.startSpan(name, { attributes: { 'url.path': '/' + name } }, ROOT_CONTEXT).end();
      tracer.startSpan('child', {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();`;
    const { code: status, stderr } = await run([...PRELOAD, '--eval', code], {
      ENDPOINT: `${collector.url}/v1/traces`,
      OTEL_CONFIG_FILE: file(content),
      ...variables,
    });
    const found = collector.store.traces({ service, limit: 10 });
    const spans = found.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
    return { status, stderr, names: spans.map(({ name }) => name).sort() };
  }
  const RULES = `composite/development:
  rule_based:
    rules:
      - attribute_patterns: { key: url.path, included: ["/heal*"] }
        sampler: { always_off: }
      - parent: [none]
        sampler: { probability: { ratio: 1 } }`;

  test.each([
    ['', ['child', 'health', 'root']],
    ['always_off:', []],
    ['parent_based: { root: { always_off: } }', ['child']],
    ['probability/development: { ratio: 1 }', ['child', 'health', 'root']],
    ['probability/development: { ratio: 0 }', []],
    [RULES, ['root']],
    [`composite/development: { parent_threshold: { root: { always_off: } } }`, ['child']],
  ])('with the sampler %j', async (sampler, names) => {
    expect(await spansWith(sampler)).toEqual({ status: 0, stderr: '', names });
  });

  test('replaces the variables of OpenTelemetry, but not the policies of Clew', async () => {
    const policies = { policies: [{ id: 'health', match: { path: '/health' }, keep: { never: true } }] };
    const { names, stderr } = await spansWith('parent_based: { root: { always_on: } }', {
      OTEL_SERVICE_NAME: 'ignored',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_TRACES_EXPORTER: 'none',
      CLEW_SAMPLING_FILE: file(JSON.stringify(policies)),
    });
    expect({ names, stderr }).toEqual({ names: ['child', 'root'], stderr: '' });
  });

  const PARENTS =
    'remote_parent_sampled: { always_on: }, remote_parent_not_sampled: { always_off: }, local_parent_sampled: { always_on: }, local_parent_not_sampled: { always_off: }';
  const HEALTH = { policies: [{ id: 'health', match: { path: '/health' }, keep: { never: true } }] };

  test.each([
    'trace_id_ratio_based: { ratio: 0 }',
    'always_off:',
    'probability/development: { ratio: 0 }',
    'composite/development: { always_off: }',
    'jaeger_remote/development: { endpoint: "http://127.0.0.1:1", initial_sampler: { always_off: } }',
  ])(
    'with policies, the root %s and OpenTelemetry’s defaults for parents, only the child is kept',
    async (root) => {
      const variables = { CLEW_SAMPLING_FILE: file(JSON.stringify(HEALTH)) };
      const { names, status } = await spansWith(`parent_based: { root: { ${root} }, ${PARENTS} }`, variables);
      expect({ names, status }).toEqual({ names: ['child'], status: 0 });
    },
  );

  test('with policies, other samplers for parents are replaced by the decision of the parent, with one warning', async () => {
    const sampler =
      'parent_based: { root: { always_on: }, remote_parent_sampled: { trace_id_ratio_based: { ratio: 0 } }, local_parent_sampled: { always_off: } }';
    const { names, stderr } = await spansWith(sampler, {
      CLEW_SAMPLING_FILE: file(JSON.stringify(HEALTH)),
    });
    expect(names).toEqual(['child', 'root']);
    expect(stderr).toBe(
      "clew warn: @clew/node: not supported with policies: tracer_provider.sampler.parent_based: the parent's decision is followed, instead of remote_parent_sampled, local_parent_sampled\n",
    );
    expect(await spansWith(sampler)).toEqual({ status: 0, stderr: '', names: ['health', 'root'] });
  });

  test('with policies, the root’s ratio for remote parents means that they are ignored', async () => {
    const { names, stderr } = await spansWith(
      'parent_based: { root: { always_off: }, remote_parent_sampled: { always_off: } }',
      { CLEW_SAMPLING_FILE: file(JSON.stringify(HEALTH)) },
    );
    expect({ names, stderr }).toEqual({ names: [], stderr: '' });
  });

  test('disables tracing', async () => {
    expect(await spansWith('always_on:', {}, 'disabled: true')).toEqual({ status: 0, stderr: '', names: [] });
  });

  test('warns once of what is not supported', async () => {
    const { names, stderr } = await spansWith('always_on:', {}, 'other: 1\nthird: 2');
    expect(names).toHaveLength(3);
    expect(stderr).toMatch(
      /^clew warn: @clew\/node: not supported in .*\.yaml, and ignored: other, third\n$/,
    );
  });

  test.each([
    ['is missing', () => join(folder, 'missing.yaml'), 'ENOENT'],
    ['is wrong', () => file('file_format: "3.0"'), 'expected file_format to be 1.x, got "3.0"'],
  ])('that %s is logged once, and the application runs untraced', async (_title, path, message) => {
    const { status, stderr } = await spansWith('', { OTEL_CONFIG_FILE: path() });
    expect(status).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^clew error: @clew\/node: nothing is traced, because .* cannot be used: /),
    ]);
    expect(stderr).toContain(message);
  });

  test('is overridden by options, one by one', () => {
    const path = file(`${traces('limits: { link_count_limit: 5, event_count_limit: 6 }')}
resource: { attributes: [{ name: a, value: file }, { name: b, value: file }] }
propagator: { composite: [{ b3: }] }
`);
    const given = {
      resource: { b: 'option' },
      limits: { eventCount: 7 },
      exporter: { url: 'http://option' },
      propagation: { inject: [] },
    };
    const { options, environment } =
      configurationFrom(given, { OTEL_CONFIG_FILE: path, OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http' }) ?? {};
    expect(options).toEqual({
      resource: { a: 'file', b: 'option' },
      limits: { linkCount: 5, eventCount: 7 },
      exporter: { url: 'http://option' },
      propagation: { extract: ['b3'], inject: [] },
    });
    expect(environment?.text('OTEL_CONFIG_FILE', 'OTEL_NODE_ENABLED_INSTRUMENTATIONS')).toBe('http');
    const without = configurationFrom({ exporter: false }, { OTEL_CONFIG_FILE: path });
    expect(without?.options.exporter).toBe(false);
  });
});
