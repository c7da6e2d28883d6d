import type { Keep, Match, Policy, TextMatch } from '@clew/sampling';
import { JaegerStrategies, type OperationSampling } from '../../src/sampling/jaeger-strategy.ts';

const matches = (condition: TextMatch, service: string) =>
  typeof condition === 'string' ? condition === service : JSON.stringify(condition).includes(`"${service}"`);

function policies(...rules: readonly [Match, Keep][]): Policy[] {
  return rules.map(([match, keep], index) => ({ id: `p${index}`, match, keep }));
}

function strategies(...rules: readonly [Match, Keep][]): JaegerStrategies {
  return new JaegerStrategies(policies(...rules), matches);
}

const probability = (samplingRate: number) => ({
  strategyType: 'PROBABILISTIC',
  probabilisticSampling: { samplingRate },
});

const rate = (maxTracesPerSecond: number) => ({
  strategyType: 'RATE_LIMITING',
  rateLimitingSampling: { maxTracesPerSecond },
});

function operations(defaultRate: number, rates: Readonly<Record<string, number>>, lowerBound = 0) {
  return {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: defaultRate },
    operationSampling: {
      defaultSamplingProbability: defaultRate,
      defaultLowerBoundTracesPerSecond: lowerBound,
      perOperationStrategies: Object.entries(rates).map(([operation, samplingRate]) => ({
        operation,
        probabilisticSampling: { samplingRate },
      })),
    },
  };
}

const EVERY_METHOD = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

test.each<[string, readonly [Match, Keep][], object]>([
  ['no policy samples everything', [], probability(1)],
  ['a ratio is a probability', [[{}, { ratio: 0.25 }]], probability(0.25)],
  ['always is the probability 1', [[{}, { always: true }]], probability(1)],
  ['never is the probability 0', [[{}, { never: true }]], probability(0)],
  ['a rate is a rate limit', [[{}, { tracesPerSecond: 5 }]], rate(5)],
  ['a rate becomes a whole number', [[{}, { tracesPerSecond: 2.9 }]], rate(2)],
  ['a rate below 1 becomes 1', [[{}, { tracesPerSecond: 0.2 }]], rate(1)],
  [
    'the lowest ratio wins',
    [
      [{}, { ratio: 0.5 }],
      [{}, { ratio: 0.1 }],
      [{}, { always: true }],
    ],
    probability(0.1),
  ],
  [
    'the lowest rate wins',
    [
      [{}, { tracesPerSecond: 5 }],
      [{}, { tracesPerSecond: 2 }],
    ],
    rate(2),
  ],
  [
    'never wins over a rate',
    [
      [{}, { tracesPerSecond: 5 }],
      [{}, { never: true }],
    ],
    probability(0),
  ],
  [
    'a rate wins over a ratio',
    [
      [{}, { tracesPerSecond: 5 }],
      [{}, { ratio: 0.1 }],
    ],
    rate(5),
  ],
  ['a policy of another service does not apply', [[{ service: 'mail' }, { ratio: 0.1 }]], probability(1)],
  ['a policy of the service applies', [[{ service: ['mail', 'shop'] }, { ratio: 0.1 }]], probability(0.1)],
  [
    'a route with a method is an operation',
    [[{ method: 'GET', route: '/orders/:id' }, { ratio: 0.1 }]],
    operations(1, { 'GET /orders/:id': 0.1 }),
  ],
  [
    'a route without a method is an operation of each method',
    [[{ route: '/health' }, { never: true }]],
    operations(1, Object.fromEntries(EVERY_METHOD.map((method) => [`${method} /health`, 0]))),
  ],
  [
    'lists of routes and methods are operations',
    [[{ method: ['GET', 'PUT'], route: { exact: '/a' }, kind: 'server' }, { ratio: 0.1 }]],
    operations(1, { 'GET /a': 0.1, 'PUT /a': 0.1 }),
  ],
  [
    'a name is an operation',
    [[{ name: 'cleanup', origin: ['root', 'signed'] }, { ratio: 0.1 }]],
    operations(1, { cleanup: 0.1 }),
  ],
  [
    'an operation is never sampled more than its service',
    [
      [{}, { ratio: 0.1 }],
      [{ name: 'a' }, { always: true }],
      [{ name: 'b' }, { ratio: 0.01 }],
    ],
    operations(0.1, { a: 0.1, b: 0.01 }),
  ],
  ['a floor is the lower bound', [[{}, { ratio: 0.1, atLeastPerSecond: 0.5 }]], operations(0.1, {}, 0.5)],
  [
    'a floor counts only if every ratio has one',
    [
      [{}, { ratio: 0.1, atLeastPerSecond: 0.5 }],
      [{}, { ratio: 0.5 }],
    ],
    probability(0.1),
  ],
])('%s', (_, rules, expected) => {
  expect(sorted(strategies(...rules).strategy('shop'))).toEqual(sorted(expected));
  expect(sorted(strategies(...[...rules].reverse()).strategy('shop'))).toEqual(sorted(expected));
});

/** Without the order of operations. */
function sorted(strategy: object): object {
  if (!('operationSampling' in strategy)) return strategy;
  const { perOperationStrategies, ...rest } = strategy.operationSampling as OperationSampling;
  const byName = perOperationStrategies.map((each) => [each.operation, each.probabilisticSampling]);
  expect(new Set(byName.map(([name]) => name)).size).toBe(byName.length);
  return { ...strategy, operationSampling: { ...rest, rates: Object.fromEntries(byName) } };
}

test('a disabled policy does not apply, and is not reported', () => {
  const disabled: Policy = { id: 'off', enabled: false, match: { path: '/x' }, keep: { never: true } };
  const translated = new JaegerStrategies([disabled], matches);
  expect(translated.strategy('shop')).toEqual(probability(1));
  expect(translated.leftOut).toEqual([]);
});

test.each<[Match, Keep, string]>([
  [{ path: '/health' }, { never: true }, 'match.path'],
  [{ attributes: { tenant: 'a' }, host: 'h' }, { ratio: 0.1 }, 'match.attributes, match.host'],
  [{ kind: 'server' }, { ratio: 0.1 }, 'match.kind'],
  [{ origin: 'signed' }, { always: true }, 'match.origin'],
  [{ route: '/static/*' }, { never: true }, 'match.route'],
  [{ route: ['/a', '/b*'] }, { never: true }, 'match.route'],
  [{ route: { exact: '/a', ignoreCase: true } }, { never: true }, 'match.route'],
  [{ route: { prefix: '/a' }, method: 'GET' }, { never: true }, 'match.method, match.route'],
  [{ method: 'GET' }, { never: true }, 'match.method'],
  [{}, { onError: true, slowerThanMs: 500 }, 'keep.onError, keep.slowerThanMs'],
  [{ name: 'a' }, { tracesPerSecond: 5 }, 'keep.tracesPerSecond'],
])('%j, %j is left out, and reported', (match, keep, reason) => {
  const translated = strategies([match, keep]);
  expect(translated.strategy('shop')).toEqual(probability(1));
  expect(translated.leftOut).toEqual([`p0 (${reason})`]);
});

test('what Jaeger can express of a policy is served, and the rest is reported', () => {
  const translated = strategies([{}, { ratio: 0.1, onError: true, tracesPerSecond: 100 }]);
  expect(translated.leftOut).toEqual(['p0 (keep.onError, keep.tracesPerSecond)']);
});

describe('with adaptive sampling', () => {
  const { operationSampling: adaptive } = operations(0.001, { 'GET /a': 0.5, 'GET /b': 0.25 }, 0.1);

  test('it decides about what no policy names', () => {
    const translated = strategies([{ name: 'GET /a' }, { never: true }]);
    expect(translated.strategy('shop', adaptive)).toEqual(
      operations(0.001, { 'GET /a': 0, 'GET /b': 0.25 }, 0.1),
    );
    expect(strategies().strategy('shop', adaptive)).toEqual(
      operations(0.001, { 'GET /a': 0.5, 'GET /b': 0.25 }, 0.1),
    );
  });

  test('a policy for the whole service decides alone', () => {
    expect(strategies([{}, { ratio: 0.1 }]).strategy('shop', adaptive)).toEqual(probability(0.1));
    expect(strategies([{}, { tracesPerSecond: 1 }]).strategy('shop', adaptive)).toEqual(rate(1));
  });
});
