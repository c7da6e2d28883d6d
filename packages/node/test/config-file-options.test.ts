import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigFile } from '../src/config-file.ts';
import { declaredOptions } from '../src/declared-options.ts';
import { traces } from './declarative-configuration.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { file } = temporaryFolder();

describe('the options of a configuration file', () => {
  const read = (content: string) => declaredOptions(readConfigFile(file(content), {}));

  test('resource, exporter, limits, propagators and log level are read', () => {
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

  test('a file without a tracer provider records nothing, and a file without propagators propagates nothing', () => {
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
  ])('the sampler %s is created', (sampler, expected) => {
    const { plain } = read(traces(`sampler: { ${sampler} }`)).sampling ?? {};
    if (typeof expected === 'string') expect(String(plain)).toBe(expected);
    else expect(String(plain)).toMatch(expected);
  });

  test('the example in the README has the effect that the README describes', () => {
    const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    const { options, sampling, unsupported } = read(/```yaml\n(file_format.*?)```/s.exec(readme)?.[1] ?? '');
    expect(options.resource).toEqual({ 'service.name': 'shop' });
    expect(options.exporter).toEqual({ url: 'http://collector:4318/v1/traces' });
    expect([sampling?.plain, typeof sampling?.rules, unsupported]).toEqual([undefined, 'function', []]);
  });

  test('unsupported settings are listed', () => {
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
