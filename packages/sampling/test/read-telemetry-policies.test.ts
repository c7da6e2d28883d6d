import { createComposableProbabilitySampler } from '@opentelemetry/sampler-composite';
import { thresholdOf } from '../src/deciding/threshold.ts';
import { readPolicies } from '../src/index.ts';

/** A telemetry policy with these matchers. */
function policyOf(match: readonly object[], keep: object = { percentage: 5 }) {
  return { id: 'p', name: 'A policy', trace: { match, keep } };
}

function read(policy: object) {
  const { policies, skipped } = readPolicies([policy]);
  return policies[0] ?? skipped[0];
}

test('the example of OTEP 4738 is translated', () => {
  const policy = {
    id: 'sample-database-spans-5-percent',
    name: 'Sample database spans at 5%',
    description: 'Aggressively samples database spans.',
    trace: {
      match: [{ span_attribute: ['db.system'], exists: true }],
      keep: { percentage: 5.0, mode: 'equalizing', sampling_precision: 6 },
    },
  };
  expect(read(policy)).toEqual({
    id: 'sample-database-spans-5-percent',
    name: 'Sample database spans at 5%',
    description: 'Aggressively samples database spans.',
    match: { attributes: { 'db.system': { exists: true } } },
    keep: { ratio: 0.05000000074505806 },
  });
});

test.each([
  [{ span_attribute: ['url.path'], starts_with: '/api/' }, { path: { prefix: '/api/' } }],
  [{ span_attribute: ['http.request.method'], exact: 'GET' }, { method: { exact: 'GET' } }],
  [{ span_attribute: ['http.route'], ends_with: '/:id' }, { route: { suffix: '/:id' } }],
  [{ span_attribute: { path: ['server.address'] }, contains: 'shop' }, { host: { contains: 'shop' } }],
  [{ span_attribute: 'messaging.destination.name', regex: '^o' }, { queue: { regex: '^o' } }],
  [
    { span_attribute: ['user.id'], exact: 'A', case_insensitive: true, negate: true },
    { attributes: { 'user.id': { exact: 'A', ignoreCase: true, negate: true } } },
  ],
  [
    { resource_attribute: ['service.name'], exact: 'shop' },
    { resource: { 'service.name': { exact: 'shop' } } },
  ],
  [{ trace_field: 'name', exact: 'GET' }, { name: { exact: 'GET' } }],
  [{ trace_field: 'TRACE_FIELD_NAME', exists: false }, { name: { exists: false } }],
  [{ span_kind: 'SPAN_KIND_SERVER' }, { kind: 'server' }],
  [{ span_kind: 5, exists: true }, { kind: 'consumer' }],
  [{ span_kind: 'server', negate: true }, { kind: ['internal', 'client', 'producer', 'consumer'] }],
])('the matcher %j is translated', (matcher, match) => {
  expect(read(policyOf([matcher]))).toMatchObject({ match });
});

test('all matchers of a policy are translated', () => {
  const matchers = [
    { span_attribute: ['url.path'], exact: '/a' },
    { span_attribute: ['a'], exists: true },
    { span_attribute: ['b'], exists: false },
    { span_kind: 'server' },
  ];
  expect(read(policyOf(matchers))).toMatchObject({
    match: {
      path: { exact: '/a' },
      attributes: { a: { exists: true }, b: { exists: false } },
      kind: 'server',
    },
  });
});

test.each([
  [{ percentage: 100 }, { ratio: 1 }],
  [{ percentage: 10 }, { ratio: 0.1 }],
  [{ percentage: 0 }, { never: true }],
  [{ percentage: 25, mode: 'equalizing', fail_closed: false }, { ratio: 0.25 }],
])('%j is translated', (given, keep) => {
  expect(read(policyOf([{ span_kind: 'server' }], given))).toMatchObject({ keep });
});

test.each([
  // Four digits after the leading `f` or `0`, which are not counted.
  [10, 4, 'e666'],
  [1, 4, 'fd70a'],
  [50, 4, '8'],
  [99, 4, '028f6'],
  [0.1, 3, 'ffbe7'],
  [10, 14, 'e6666666666666'],
])(
  '%s %% with a precision of %s digits has the threshold %s',
  (percentage, sampling_precision, threshold) => {
    const policy = read(policyOf([{ span_kind: 'server' }], { percentage, sampling_precision }));
    const ratio = (policy as { keep: { ratio: number } }).keep.ratio;
    expect(thresholdOf(ratio).text).toBe(threshold);
    expect(String(createComposableProbabilitySampler(ratio))).toContain(`threshold=${threshold}, `);
  },
);

test.each([
  [
    policyOf([{ span_status: 'SPAN_STATUS_CODE_ERROR' }]),
    'a sampler does not know the span_status of a span that starts',
  ],
  [
    policyOf([{ event_name: 'x', exists: true }]),
    'a sampler does not know the event_name of a span that starts',
  ],
  [
    policyOf([{ scope_attribute: ['a'], exists: true }]),
    'a sampler does not know the scope_attribute of a span that starts',
  ],
  [policyOf([{ trace_field: 'trace_id', exact: '0' }]), 'the trace field trace_id can not be matched'],
  [
    policyOf([{ span_attribute: ['a', 'b'], exact: '0' }]),
    'nested attributes, such as a.b, can not be matched',
  ],
  [policyOf([{ span_kind: 'robot' }]), 'the span kind robot is not known'],
  [
    policyOf([
      { span_attribute: ['url.path'], starts_with: '/a' },
      { span_attribute: ['url.path'], ends_with: 'z' },
    ]),
    'several matchers for path can not be combined',
  ],
  [policyOf([{ span_kind: 1 }], { percentage: 1, mode: 'hash_seed' }), 'the mode hash_seed is not supported'],
  [
    policyOf([{ span_kind: 1 }], { percentage: 1, mode: 'proportional' }),
    'the mode proportional is not supported',
  ],
  [{ id: 'p', name: 'Logs', log: { match: [], keep: 'none' } }, 'it applies to a log'],
])('%j is valid, but skipped with the reason', (policy, reason) => {
  expect(readPolicies([policy])).toEqual({ policies: [], skipped: [{ id: 'p', reason }] });
});

test.each([
  [policyOf([]), 'expected policies[0].trace.match to be a list of 1 to 64 matchers, got []'],
  [policyOf([{ span_kind: 1 }], {}), 'expected policies[0].trace to have keep.percentage'],
  [
    policyOf([{ span_kind: 1 }], { percentage: 101 }),
    'expected policies[0].trace.keep.percentage in [0, 100], got 101',
  ],
  [
    policyOf([{ span_kind: 1 }], { percentage: 1, fail_closed: true }),
    'expected policies[0].trace.keep.fail_closed to be false, got true',
  ],
  [
    policyOf([{ span_kind: 1 }], { percentage: 1, sampling_precision: 1.5 }),
    'expected policies[0].trace.keep.sampling_precision to be an integer, got 1.5',
  ],
  [
    policyOf([{ span_attribute: ['a'] }]),
    'expected policies[0].trace.match[0] to have exactly one of exact, regex',
  ],
  [
    policyOf([{ exact: 'a' }]),
    'expected policies[0].trace.match[0] to have exactly one of trace_field, span_attribute',
  ],
  [
    policyOf([{ span_attribute: ['a'], regex: '(' }]),
    'expected policies[0].trace.match[0].regex to be a regular expression of RE2',
  ],
  [{ id: 'p', trace: policyOf([{ span_kind: 1 }]).trace }, 'expected policies[0] to have a name'],
  [
    { ...policyOf([{ span_kind: 1 }]), log: {} },
    'expected policies[0] to have one of log, metric, trace, profile, got "log, trace"',
  ],
  [{ ...policyOf([{ span_kind: 1 }]), keep: {} }, 'got "keep"'],
])('%j is refused', (policy, message) => {
  expect(() => readPolicies([policy])).toThrow(message);
});
