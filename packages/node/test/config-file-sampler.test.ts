import { configuredRuns } from './configured-runs.ts';

const { file, spansWith } = configuredRuns();

describe('the sampler of a configuration file', () => {
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
  ])('%j decides which spans are exported', async (sampler, names) => {
    expect(await spansWith(sampler)).toEqual({ status: 0, stderr: '', names });
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
    'with policies, the root sampler %s and OpenTelemetry’s defaults for parents, only the child is kept',
    async (root) => {
      const variables = { CLEW_SAMPLING_FILE: file(HEALTH) };
      const { names, status } = await spansWith(`parent_based: { root: { ${root} }, ${PARENTS} }`, variables);
      expect({ names, status }).toEqual({ names: ['child'], status: 0 });
    },
  );

  test('with policies, other samplers for parents are replaced by the decision of the parent, with one warning', async () => {
    const sampler =
      'parent_based: { root: { always_on: }, remote_parent_sampled: { trace_id_ratio_based: { ratio: 0 } }, local_parent_sampled: { always_off: } }';
    const { names, stderr } = await spansWith(sampler, {
      CLEW_SAMPLING_FILE: file(HEALTH),
    });
    expect(names).toEqual(['child', 'root']);
    expect(stderr).toBe(
      "clew warn: @clew/node: not supported with policies: tracer_provider.sampler.parent_based: the parent's decision is followed, instead of remote_parent_sampled, local_parent_sampled\n",
    );
    expect(await spansWith(sampler)).toEqual({ status: 0, stderr: '', names: ['health', 'root'] });
  });

  test('with policies, remote parents are ignored if their sampler is that of the root', async () => {
    const { names, stderr } = await spansWith(
      'parent_based: { root: { always_off: }, remote_parent_sampled: { always_off: } }',
      { CLEW_SAMPLING_FILE: file(HEALTH) },
    );
    expect({ names, stderr }).toEqual({ names: [], stderr: '' });
  });
});
