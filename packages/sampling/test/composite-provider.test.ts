import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import {
  createComposableAlwaysOffSampler,
  createComposableAlwaysOnSampler,
  createComposableParentThresholdSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
} from '@opentelemetry/sampler-composite';
import { compositeProvider, PolicySampler } from '../src/index.ts';

type Peer = Parameters<typeof createCompositeSampler>[0];

const samplerOf = (config: unknown) =>
  new PolicySampler({
    providers: [compositeProvider(config)],
    followParent: false,
    requested: { enabled: false },
  });

function decisionOf(
  sampler: {
    shouldSample(...args: Parameters<PolicySampler['shouldSample']>): {
      decision: number;
      traceState?: unknown;
    };
  },
  context: Context,
  traceId: string,
  kind: SpanKind,
  attributes: Attributes,
) {
  const { decision, traceState } = sampler.shouldSample(context, traceId, 'GET', kind, attributes, []);
  const ot = (traceState as { get(key: string): string | undefined } | undefined)?.get('ot');
  // OpenTelemetry's sampler leaves the caller's threshold on some traces that it drops.
  const members = (ot ?? '').split(';').filter((member) => decision === 2 || !member.startsWith('th:'));
  return { decision, ot: members.join(';') };
}

const isServer = (...[, , , kind]: Parameters<PolicySampler['shouldSample']>) => kind === SpanKind.SERVER;
const status = (...args: Parameters<PolicySampler['shouldSample']>) =>
  args[4]['http.response.status_code'] === 404;

/** A configuration, and the same sampler of OpenTelemetry. */
const PAIRS: readonly (readonly [config: object, peer: Peer])[] = [
  [{ always_on: null }, createComposableAlwaysOnSampler()],
  [{ always_off: {} }, createComposableAlwaysOffSampler()],
  [{ probability: { ratio: 0.1 } }, createComposableProbabilitySampler(0.1)],
  [{ probability: { ratio: 0.73 } }, createComposableProbabilitySampler(0.73)],
  [{ probability: null }, createComposableProbabilitySampler(1)],
  [
    { parent_threshold: { root: { probability: { ratio: 0.5 } } } },
    createComposableParentThresholdSampler(createComposableProbabilitySampler(0.5)),
  ],
  [
    {
      rule_based: {
        rules: [
          {
            attribute_values: { key: 'http.response.status_code', values: ['404'] },
            sampler: { always_off: null },
          },
          { span_kinds: ['server'], sampler: { probability: { ratio: 0.4 } } },
          { sampler: { parent_threshold: { root: { always_on: null } } } },
        ],
      },
    },
    createComposableRuleBasedSampler([
      [status, createComposableAlwaysOffSampler()],
      [isServer, createComposableProbabilitySampler(0.4)],
      [() => true, createComposableParentThresholdSampler(createComposableAlwaysOnSampler())],
    ]),
  ],
];

test.each(PAIRS)('%j decides as OpenTelemetry’s sampler, with the same threshold', (config, peer) => {
  const ours = samplerOf(config);
  const theirs = createCompositeSampler(peer);
  for (let i = 0; i < 500; i++) {
    const traceId = randomBytes(16).toString('hex');
    const spanId = randomBytes(8).toString('hex');
    const states = [undefined, createTraceState('ot=th:8'), createTraceState('ot=rv:fedcba98765432;th:c')];
    const traceState = states[i % 3];
    const parent = { traceId, spanId, traceFlags: i & 1, isRemote: true, ...(traceState && { traceState }) };
    const context = i % 5 === 0 ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const kind = i % 7 === 0 ? SpanKind.SERVER : SpanKind.CLIENT;
    const attributes = { 'http.response.status_code': i % 4 === 0 ? 404 : 200 };
    expect(decisionOf(ours, context, traceId, kind, attributes)).toEqual(
      decisionOf(theirs, context, traceId, kind, attributes),
    );
  }
  ours.shutdown();
});

describe('a rule matches', () => {
  const kept = (rule: object, attributes: Attributes = {}, context = ROOT_CONTEXT) =>
    samplerOf({ rule_based: { rules: [{ ...rule, sampler: { always_on: null } }] } }).shouldSample(
      context,
      'a'.repeat(32),
      'GET',
      SpanKind.SERVER,
      attributes,
      [],
    ).decision === 2;
  const remote = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: 0,
    isRemote: true,
  });

  test('by the text of an attribute, and by any item of a list', () => {
    const rule = { attribute_values: { key: 'a', values: ['404', 'true'] } };
    expect([404, true, '404', ['x', '404'], 405, []].map((a) => kept(rule, { a } as Attributes))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(kept(rule)).toBe(false);
  });

  test('by included and excluded patterns', () => {
    const rule = {
      attribute_patterns: { key: 'url.path', included: ['/api/*', '/v?'], excluded: ['*/health'] },
    };
    const paths = ['/api/orders', '/v1', '/api/health', '/v12', '/other'];
    expect(paths.map((path) => kept(rule, { 'url.path': path }))).toEqual([true, true, false, false, false]);
    const others = { attribute_patterns: { key: 'url.path', excluded: ['/health'] } };
    expect(['/a', '/health'].map((path) => kept(others, { 'url.path': path }))).toEqual([true, false]);
  });

  test('by the parent', () => {
    expect([kept({ parent: ['none'] }), kept({ parent: ['none'] }, {}, remote)]).toEqual([true, false]);
    expect([kept({ parent: ['remote'] }), kept({ parent: ['remote'] }, {}, remote)]).toEqual([false, true]);
    expect([kept({ parent: ['local'] }), kept({ parent: ['local'] }, {}, remote)]).toEqual([false, false]);
  });

  test('without conditions, or with conditions of null', () => {
    expect([kept({}), kept({ span_kinds: null })]).toEqual([true, true]);
  });

  test('no rule matches: the trace is dropped', () => {
    expect(kept({ span_kinds: ['consumer'] })).toBe(false);
    expect(
      samplerOf({ rule_based: null }).shouldSample(ROOT_CONTEXT, 'a'.repeat(32), 's', 0, {}, []).decision,
    ).toBe(0);
  });
});

const nested = (depth: number): object =>
  depth === 0 ? { always_on: null } : { parent_threshold: { root: nested(depth - 1) } };
const rule = (more: object) => ({ rule_based: { rules: [{ sampler: { always_on: null }, ...more }] } });

test.each([
  [undefined, 'expected composite to be an object, got undefined'],
  [{}, 'expected composite to have one of always_on, '],
  [{ always_on: null, always_off: null }, 'got "always_on, always_off"'],
  [{ probability: { ratio: 2 } }, 'expected composite.probability.ratio in [0, 1], got 2'],
  [{ parent_threshold: {} }, 'expected composite.parent_threshold.root to be an object, got undefined'],
  [{ rule_based: { rules: [{}] } }, 'expected composite.rule_based.rules[0].sampler to be an object'],
  [rule({ span_kinds: ['web'] }), 'rules[0].span_kinds to have kinds among internal, server, '],
  [rule({ parent: 'none' }), 'rules[0].parent to be a list of texts, got "none"'],
  [rule({ attributes: {} }), 'rules[0] to have members among sampler, attribute_values, '],
  [rule({ attribute_values: { values: [] } }), 'attribute_values.key to be a text, got undefined'],
  [nested(20), 'to be nested at most 16 times'],
])('%j is refused', (config, message) => {
  expect(() => compositeProvider(config)).toThrow(message);
});

test.each([
  ['server.address', true],
  ['url.path', false],
])('a rule on %s needs the host at the start of a request: %s', (key, needsHost) => {
  const started: unknown[] = [];
  const rules = [{ attribute_values: { key, values: ['a'] }, sampler: { always_off: null } }];
  compositeProvider({ parent_threshold: { root: { rule_based: { rules } } } }).start((decider) =>
    started.push(decider),
  );
  expect(started).toEqual([expect.objectContaining({ needsHost })]);
});
