import { type Context, createTraceState, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { createComposableProbabilitySampler, createCompositeSampler } from '@opentelemetry/sampler-composite';
import fc from 'fast-check';
import { type Keep, type Match, type Policy, PolicySampler } from '../src/index.ts';
import { decide } from './local-root.ts';

const END = { isError: false, durationMs: 1 };
const FAILED = { isError: true, durationMs: 1 };

const match: fc.Arbitrary<Match> = fc.record(
  {
    path: fc.constantFrom('/a', '/b', '/*', ['/a', '/c']),
    method: fc.constantFrom('GET', 'POST'),
    route: fc.constantFrom('/a', '/*', { exists: false }),
    attributes: fc.constantFrom({ tenant: 'x' }, { tenant: { exists: false } }),
  },
  { requiredKeys: [] },
);
const ratio = fc.constantFrom(0, 0.25, 0.5, 1);
const headOnly: fc.Arbitrary<Keep> = fc.oneof(
  fc.record({ ratio }),
  fc.constant<Keep>({ always: true }),
  fc.constant<Keep>({ never: true }),
);
// A rate of 0 and a high rate decide in the same way at all times.
const rated: fc.Arbitrary<Keep> = fc.constantFrom(
  { tracesPerSecond: 0 },
  { tracesPerSecond: 1e6 },
  { ratio: 0.25, atLeastPerSecond: 0 },
  { ratio: 0.25, atLeastPerSecond: 1e6 },
);
const late: fc.Arbitrary<Keep> = fc.constantFrom<Keep>({ onError: true }, { ratio: 0, onError: true });
const policiesOf = (keep: fc.Arbitrary<Keep>): fc.Arbitrary<Policy[]> =>
  fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), match, keep }), {
    selector: ({ id }) => id,
    maxLength: 6,
  });
const anyPolicies = policiesOf(fc.oneof(headOnly, rated, late));

const request = fc.record({
  path: fc.constantFrom('/a', '/b', '/c'),
  method: fc.constantFrom('GET', 'POST'),
  tenant: fc.constantFrom('x', 'y', undefined),
  route: fc.constantFrom('/a', '/b', undefined),
  randomHigh: fc.constantFrom(0, 0x400000, 0x800000, 0xffffff),
  isError: fc.boolean(),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The whole decision about a request, with its attributes. */
function outcome(sampler: PolicySampler, { path, method, tenant, route, randomHigh, isError }: Request) {
  const attributes = { 'url.path': path, 'http.request.method': method, ...(tenant && { tenant }) };
  let decision = decide(sampler, { attributes, randomHigh });
  const waited = decision.pending !== undefined;
  if (decision.pending?.needsRoute === true && route !== undefined)
    decision = decision.pending.atRoute(route);
  decision = decision.pending?.atEnd(isError ? FAILED : END) ?? decision;
  return {
    waited,
    sampled: decision.sampled,
    attributes: decision.attributes,
    th: decision.traceState?.get('ot'),
  };
}

/** Whether a request is kept without regard to how it ends. */
function keptByHead(policies: readonly Policy[], each: Request): boolean {
  return outcome(new PolicySampler({ policies }), { ...each, isError: false }).sampled;
}

test('the order of the policies does not matter', () => {
  fc.assert(
    fc.property(anyPolicies, request, fc.infiniteStream(fc.nat()), (policies, each, keys) => {
      const shuffled = policies
        .map((policy) => [keys.next().value, policy] as const)
        .sort(([a], [b]) => a - b)
        .map(([, policy]) => policy);
      expect(outcome(new PolicySampler({ policies: shuffled }), each)).toEqual(
        outcome(new PolicySampler({ policies }), each),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('a set that is put in force twice changes nothing', () => {
  fc.assert(
    fc.property(anyPolicies, fc.array(request, { maxLength: 5 }), (policies, requests) => {
      const set = { policies };
      const once = new PolicySampler({ providers: [providerOf([set])] });
      const twice = new PolicySampler({ providers: [providerOf([set, set])] });
      const several = new PolicySampler({ policies, providers: [providerOf([set]), providerOf([set])] });
      for (const each of requests) {
        const expected = outcome(once, each);
        expect(outcome(twice, each)).toEqual(expected);
        expect(outcome(several, each)).toEqual(expected);
      }
      expect(twice.stats().byPolicy).toEqual(once.stats().byPolicy);
    }),
    { numRuns: 1_000 },
  );
});

test('one more policy never keeps more at the start, where another policy decides', () => {
  fc.assert(
    fc.property(policiesOf(fc.oneof(headOnly, rated)), request, (policies, each) => {
      const base: Policy = { id: 'base', keep: { always: true } };
      const fewer = keptByHead([base, ...policies.slice(1).map(withPrefix)], each);
      const more = keptByHead([base, ...policies.map(withPrefix)], each);
      expect([fewer, more]).not.toEqual([false, true]);
    }),
    { numRuns: 2_000 },
  );
});

test('never always wins', () => {
  fc.assert(
    fc.property(anyPolicies, request, (policies, each) => {
      const withNever: Policy[] = [...policies.map(withPrefix), { id: 'never', keep: { never: true } }];
      const { sampled, waited } = outcome(new PolicySampler({ policies: withNever }), each);
      expect([sampled, waited]).toEqual([false, false]);
    }),
    { numRuns: 1_000 },
  );
});

test('an index finds the same policies as a test of each', () => {
  const paths = ['/', '/a', '/ab', '/ab/c', '/b', '/ab/cd'];
  const condition = fc.oneof(
    fc.constantFrom(...paths),
    fc.constantFrom(...paths.map((path) => ({ prefix: path }))),
    fc.subarray(paths, { minLength: 1 }),
    fc.constantFrom('/a*', '/*b', '/a?', '*', '/?b/*').map((glob) => ({ glob })),
  );
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 12 }), fc.constantFrom(...paths), (conditions, path) => {
      const never = { never: true } as const;
      const policies = conditions.map(
        (each, id): Policy => ({ id: `${id}`, match: { path: each }, keep: never }),
      );
      const alone = policies.filter((policy) => {
        const sampler = new PolicySampler({ policies: [policy] });
        return !decide(sampler, { attributes: { 'url.path': path } }).sampled;
      });
      const all = new PolicySampler({ policies });
      decide(all, { attributes: { 'url.path': path } });
      const matched = Object.entries(all.stats().byPolicy).filter(([, counters]) => counters.matched > 0);
      expect(matched.map(([id]) => id).sort()).toEqual(alone.map(({ id }) => id).sort());
      expect(alone).toEqual(policies.filter((policy) => matchesPlainly(policy.match?.path, path)));
    }),
    { numRuns: 1_000 },
  );
});

describe("OpenTelemetry's composite sampler", () => {
  const traceIds = fc.stringMatching(/^[0-9a-f]{31}[1-9a-f]$/);
  const ratios = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(0, 1, 0.1, 1e-17, 1 / 3),
  );
  const rv = fc.option(fc.stringMatching(/^[0-9a-f]{14}$/), { nil: undefined });

  test('samples the same traces, and writes the same trace state', () => {
    fc.assert(
      fc.property(traceIds, ratios, rv, (traceId, share, randomValue) => {
        const peer = createCompositeSampler(createComposableProbabilitySampler(share));
        const ours = new PolicySampler({ policies: [{ id: 'a', keep: { ratio: share } }] });
        const context = contextOf(traceId, randomValue);
        const expected = peer.shouldSample(context, traceId, 'GET', SpanKind.SERVER, {}, []);
        const given = ours.shouldSample(context, traceId, 'GET', SpanKind.SERVER, {}, []);
        const membersOf = (state: { get(key: string): string | undefined } | undefined) =>
          state?.get('ot') || undefined;
        expect([given.decision, membersOf(given.traceState)]).toEqual([
          expected.decision,
          membersOf(expected.traceState),
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  function contextOf(traceId: string, randomValue: string | undefined): Context {
    if (randomValue === undefined) return ROOT_CONTEXT;
    const traceState = createTraceState(`ot=rv:${randomValue};x:1,vendor=2`);
    const parent = { traceId, spanId: '1'.repeat(16), traceFlags: 1, isRemote: true, traceState };
    return trace.setSpanContext(ROOT_CONTEXT, parent);
  }
});

function withPrefix(policy: Policy): Policy {
  return { ...policy, id: `policy ${policy.id}` };
}

function providerOf(sets: readonly { policies: Policy[] }[]) {
  return {
    name: 'test',
    start: (inForce: (set: { policies: Policy[] }, version: string) => void) => {
      for (const set of sets) inForce(structuredClone(set), '1');
    },
    stats: () => ({ loads: 0, unchanged: 0, failures: {}, version: undefined }),
    stop: () => {},
  };
}

function matchesPlainly(condition: Match['path'], path: string): boolean {
  if (typeof condition === 'string') return condition === path;
  if (Array.isArray(condition)) return condition.includes(path);
  const { glob } = condition as { glob?: string };
  if (glob !== undefined)
    return new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(path);
  return path.startsWith((condition as { prefix: string }).prefix);
}
