// Measures the sampler alone: a decision about a local root, unsampled and sampled, with 0 to 1,000 policies. A policy that
// matches and drops is the whole decision; the cases without a policy are what it costs without one. The last cases compare
// the sampler with OpenTelemetry's composite sampler, through the interface of OpenTelemetry's samplers.
// npx node benchmarks/sampling.mjs (after `npm run build`)
import { DECIDE_LOCAL_ROOT } from '@clew/core/internal';
import { PolicySampler } from '@clew/sampling';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import {
  createComposableAlwaysOffSampler,
  createComposableProbabilitySampler,
  createComposableRuleBasedSampler,
  createCompositeSampler,
} from '@opentelemetry/sampler-composite';

const ROUNDS = 15;
const CALLS = 50_000;
const never = { never: true };

/** The roots of requests for 64 paths, as the HTTP server's plugin describes them. */
function rootsOf(pathOf) {
  return Array.from({ length: 64 }, (_, n) => ({
    name: 'GET',
    kind: SpanKind.SERVER,
    attributes: {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': pathOf(n),
      tenant: `t${n}`,
    },
    context: ROOT_CONTEXT,
    parentFlags: -1,
    traceState: undefined,
    randomHigh: (n * 0x3ffff) & 0xffffff,
    randomLow: 0,
  }));
}

/** Policies that differ in their path or route; the last of them matches the requests for `/orders`. */
function policiesOf(count, matchOf, keep = never) {
  return Array.from({ length: count }, (_, n) => ({ id: `p${n}`, match: matchOf(n), keep }));
}

const exact = (n) => ({ path: `/items/${n}/details` });
const prefix = (n) => ({ path: `/items/${n}/*` });
const item = (n) => `/items/${n}/details`;
const other = (n) => `/other/${n}/details`;

const cases = [
  ['no policy, kept by default', {}, item],
  ['no policy, dropped by default', { default: never }, item],
  ['1 policy that matches, dropped', { policies: policiesOf(1, () => ({ path: '/items/*' })) }, item],
  [
    '1 policy that does not match, dropped by default',
    { default: never, policies: policiesOf(1, exact) },
    other,
  ],
  ['1 policy without conditions, 50 %', { policies: policiesOf(1, () => ({}), { ratio: 0.5 }) }, item],
  ['1 policy without conditions, 0 %', { policies: policiesOf(1, () => ({}), { ratio: 0 }) }, item],
  [
    '1 policy without conditions, 100 %, with th',
    { policies: policiesOf(1, () => ({}), { ratio: 1 }) },
    item,
  ],
  [
    '1 policy that always keeps, by a rate',
    { policies: policiesOf(1, () => ({}), { tracesPerSecond: 1e6 }) },
    item,
  ],
  ['1 policy with a rate of 0', { policies: policiesOf(1, () => ({}), { tracesPerSecond: 0 }) }, item],
  [
    '1 policy that keeps errors, pending',
    { default: never, policies: policiesOf(1, () => ({}), { onError: true }) },
    item,
  ],
  ['10 exact paths, dropped', { policies: policiesOf(10, exact) }, (n) => item(n % 10)],
  ['1,000 exact paths, dropped', { policies: policiesOf(1000, exact) }, item],
  ['1,000 prefixes, dropped', { policies: policiesOf(1000, prefix) }, item],
  ['1,000 prefixes, none matches', { default: never, policies: policiesOf(1000, prefix) }, other],
  [
    '1,000 routes of another method',
    { default: never, policies: policiesOf(1000, (n) => ({ method: 'POST', route: `/items/${n}` })) },
    item,
  ],
  ['1,000 routes, pending', { policies: policiesOf(1000, (n) => ({ route: `/items/${n}` })) }, item],
  [
    '1,000 values of an attribute, dropped',
    { policies: policiesOf(1000, (n) => ({ attributes: { tenant: `t${n}` } })) },
    item,
  ],
  [
    '1,000 globs with a prefix, dropped',
    { policies: policiesOf(1000, (n) => ({ path: `/items/${n}/*s` })) },
    item,
  ],
  [
    '1,000 suffixes, which have no index',
    { default: never, policies: policiesOf(1000, (n) => ({ path: { suffix: `/${n}` } })) },
    item,
  ],
];

/** Rules of the composite sampler that differ in their path, as `policiesOf(count, exact)`. */
const rulesOf = (count) =>
  createComposableRuleBasedSampler(
    Array.from({ length: count }, (_, n) => [
      (_context, _traceId, _name, _kind, attributes) => attributes['url.path'] === `/items/${n}/details`,
      createComposableAlwaysOffSampler(),
    ]),
  );

/** Through `shouldSample`, which both have. */
const peers = [
  ['OpenTelemetry composite, 50 %', createCompositeSampler(createComposableProbabilitySampler(0.5))],
  ['the same as a policy', new PolicySampler({ policies: policiesOf(1, () => ({}), { ratio: 0.5 }) })],
  ['OpenTelemetry composite, 1,000 rules for exact paths', createCompositeSampler(rulesOf(1000))],
  ['the same as policies', new PolicySampler({ policies: policiesOf(1000, exact) })],
];
const traceIds = Array.from(
  { length: 64 },
  (_, n) => `aaaaaaaaaaaaaaaaaa${((n * 4) % 256).toString(16).padStart(2, '0')}000000000000`,
);

const runs = cases.map(([name, options, pathOf]) => {
  const sampler = new PolicySampler(options);
  const roots = rootsOf(pathOf);
  let sampled = 0;
  const run = (calls) => {
    for (let i = 0; i < calls; i++) if (sampler[DECIDE_LOCAL_ROOT](roots[i & 63]).sampled) sampled++;
  };
  return {
    name,
    run,
    best: Number.POSITIVE_INFINITY,
    share: () => Math.round((sampled * 100) / (CALLS * ROUNDS)),
  };
});

for (const [name, sampler] of peers) {
  const roots = rootsOf(item);
  let sampled = 0;
  const run = (calls) => {
    for (let i = 0; i < calls; i++) {
      const { name: span, kind, attributes, context } = roots[i & 63];
      if (sampler.shouldSample(context, traceIds[i & 63], span, kind, attributes, []).decision === 2)
        sampled++;
    }
  };
  const share = () => Math.round((sampled * 100) / (CALLS * ROUNDS));
  runs.push({ name: `shouldSample, ${name}`, run, best: Number.POSITIVE_INFINITY, share });
}

// The rounds of all cases are interleaved, and the best one counts: other processes only ever add time.
for (let round = 0; round < ROUNDS; round++) {
  for (const each of runs) {
    const before = process.cpuUsage();
    each.run(CALLS);
    const { user, system } = process.cpuUsage(before);
    each.best = Math.min(each.best, ((user + system) * 1000) / CALLS);
  }
}
for (const { name, best, share } of runs)
  console.log(`${name}: ${best.toFixed(0)} ns CPU, ${share()} % sampled`);
