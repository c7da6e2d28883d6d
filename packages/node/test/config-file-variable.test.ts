import { configurationFrom } from '../src/declared.ts';
import { configuredRuns } from './configured-runs.ts';
import { traces } from './declarative-configuration.ts';

const { file, pathOf, spansWith } = configuredRuns();

describe('OTEL_CONFIG_FILE', () => {
  test('overrides the variables of OpenTelemetry, but not the policies of Clew', async () => {
    const policies = { policies: [{ id: 'health', match: { path: '/health' }, keep: { never: true } }] };
    const { names, stderr } = await spansWith('parent_based: { root: { always_on: } }', {
      OTEL_SERVICE_NAME: 'ignored',
      OTEL_TRACES_SAMPLER: 'always_off',
      OTEL_TRACES_EXPORTER: 'none',
      CLEW_SAMPLING_FILE: file(JSON.stringify(policies)),
    });
    expect({ names, stderr }).toEqual({ names: ['child', 'root'], stderr: '' });
  });

  test('disables tracing', async () => {
    expect(await spansWith('always_on:', {}, 'disabled: true')).toEqual({ status: 0, stderr: '', names: [] });
  });

  test('logs one warning that lists unsupported settings', async () => {
    const { names, stderr } = await spansWith('always_on:', {}, 'other: 1\nthird: 2');
    expect(names).toHaveLength(3);
    expect(stderr).toMatch(
      /^clew warn: @clew\/node: not supported in .*\.yaml, and ignored: other, third\n$/,
    );
  });

  test.each([
    ['is missing', () => pathOf('missing.yaml'), 'ENOENT'],
    ['has another version', () => file('file_format: "3.0"'), 'expected file_format to be 1.x, got "3.0"'],
  ])('a file that %s is logged once, and the application runs untraced', async (_title, path, message) => {
    const { status, stderr } = await spansWith('', { OTEL_CONFIG_FILE: path() });
    expect(status).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^clew error: @clew\/node: nothing is traced, because .* cannot be used: /),
    ]);
    expect(stderr).toContain(message);
  });

  test('is overridden by each option of init() separately', () => {
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
