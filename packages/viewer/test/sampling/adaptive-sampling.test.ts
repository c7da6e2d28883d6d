import { AdaptiveSampling } from '../../src/sampling/adaptive-sampling.ts';
import type { Attributes } from '../../src/span-record.ts';
import { sketch } from '../sample-trace.ts';

const OPERATION = 'GET /orders/:id';
const TARGET = 10;
const INTERVAL = 10;

function roots(count: number, attributes: Attributes, { service = 'shop', name = OPERATION } = {}) {
  return sketch(
    Array.from({ length: count }, (_, index) => ({ id: index.toString(16), name, service, attributes })),
  ).spans;
}

const probabilistic = (probability: number | string) => ({
  'sampler.type': 'probabilistic',
  'sampler.param': probability,
});

/** The probability in force; `undefined` for an operation without one. */
function rateOf(sampling: AdaptiveSampling, service = 'shop', operation = OPERATION): number | undefined {
  return sampling.strategy(service).perOperationStrategies.find((each) => each.operation === operation)
    ?.probabilisticSampling.samplingRate;
}

/** Numbers in [0, 1), the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A service under load whose processes fetch the probability some intervals late, and keep one trace in an interval by
 * the lower bound if chance keeps none. Returns the traces a second kept by chance in the interval.
 */
function service(sampling: AdaptiveSampling, random: () => number, lateBy = 0) {
  const fetched = [0.001];
  return (requestsPerSecond: number): number => {
    const probability = fetched[Math.max(0, fetched.length - 1 - lateBy)] as number;
    let kept = 0;
    for (let request = 0; request < requestsPerSecond * INTERVAL; request++)
      if (random() < probability) kept++;
    sampling.add(roots(kept, probabilistic(probability)));
    if (kept === 0) sampling.add(roots(1, { 'sampler.type': 'lowerbound', 'sampler.param': probability }));
    sampling.calculate(INTERVAL);
    fetched.push(rateOf(sampling) ?? 0.001);
    return kept / INTERVAL;
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

const repeat = (count: number, measure: () => number) => Array.from({ length: count }, measure);

describe.each([1, 2, 3, 4, 5])('a simulated service (random numbers %i)', (seed) => {
  test.each([0, 1])(
    'holds its target through a tenfold step of load, fetching %i intervals late',
    (lateBy) => {
      const sampling = new AdaptiveSampling({ tracesPerSecond: TARGET });
      const interval = service(sampling, randomNumbers(seed), lateBy);
      // From the initial probability, 0.001, the target is reached by doubling.
      repeat(12, () => interval(200));
      const before = mean(repeat(20, () => interval(200)));
      // The load in the interval of the step is a mixture.
      interval(1100);
      repeat(1 + lateBy, () => interval(2000));
      const after = mean(repeat(20, () => interval(2000)));
      interval(1100);
      repeat(1 + lateBy, () => interval(200));
      const back = mean(repeat(20, () => interval(200)));
      for (const rate of [before, after, back]) expect(Math.abs(rate / TARGET - 1)).toBeLessThan(0.1);
    },
  );
});

test('a probability falls to the target in the first interval after a step', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1, initialProbability: 1 });
  sampling.add(roots(100, probabilistic(1)));
  sampling.calculate(10);
  expect(rateOf(sampling)).toBe(0.1);
});

test('the load is known while processes use different probabilities', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1 });
  // 1000 requests in 10 s: half of them in a process that has not fetched the new probability yet.
  sampling.add([...roots(250, probabilistic(0.5)), ...roots(50, probabilistic('0.1'))]);
  sampling.calculate(10);
  expect(rateOf(sampling)).toBe(0.01);
});

test('a probability at most doubles while few spans support it', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 10 });
  sampling.add(roots(1, probabilistic(0.01)));
  sampling.calculate(10);
  expect(rateOf(sampling)).toBe(0.02);
});

test('a probability does not rise further until a process uses it', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 10 });
  const lowerBound = roots(1, { 'sampler.type': 'lowerbound', 'sampler.param': 0.001 });
  for (let interval = 0; interval < 5; interval++) {
    sampling.add(lowerBound);
    sampling.calculate(10);
  }
  expect(rateOf(sampling)).toBe(0.002);
});

test('a probability stays within its limits', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1, minProbability: 0.01 });
  sampling.add([
    ...roots(10_000, probabilistic(1)),
    ...roots(30, probabilistic(1), { name: 'GET /slow', service: 'shop' }),
  ]);
  sampling.calculate(100);
  expect([rateOf(sampling), rateOf(sampling, 'shop', 'GET /slow')]).toEqual([0.01, 1]);
});

test('an operation without spans keeps its probability for ten minutes', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1 });
  sampling.add(roots(100, probabilistic(1)));
  sampling.calculate(10);
  for (let interval = 0; interval < 59; interval++) sampling.calculate(10);
  expect(rateOf(sampling)).toBeDefined();
  sampling.calculate(10);
  expect(sampling.strategy('shop')).toEqual({
    defaultSamplingProbability: 0.001,
    defaultLowerBoundTracesPerSecond: 1 / 60,
    perOperationStrategies: [],
  });
});

test.each([
  ['a span without sampler.type', roots(1, { 'sampler.param': 1 })],
  ['a span of a rate limit', roots(1, { 'sampler.type': 'ratelimiting', 'sampler.param': 5 })],
  ['a span with a text for sampler.param', roots(1, probabilistic('often'))],
  ['a span with an empty sampler.param', roots(1, probabilistic(' '))],
  ['a span with a probability of 0', roots(1, probabilistic(0))],
  ['a span with a probability near 0', roots(1, probabilistic(1e-300))],
  ['a span with a probability above 1', roots(1, probabilistic(1.5))],
  ['a child', sketch([{ id: 'b', parent: 'a', name: OPERATION, attributes: probabilistic(1) }]).spans],
])('%s is not counted', (_, spans) => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1 });
  sampling.add(spans);
  sampling.calculate(10);
  expect(rateOf(sampling)).toBeUndefined();
});

test('at most 100 services with 256 operations are kept', () => {
  const sampling = new AdaptiveSampling({ tracesPerSecond: 1 });
  for (let index = 0; index < 110; index++)
    sampling.add(roots(1, probabilistic(1), { service: `service ${index}`, name: 'GET' }));
  for (let index = 0; index < 300; index++)
    sampling.add(roots(1, probabilistic(1), { service: 'service 0', name: `GET /${index}` }));
  sampling.add(roots(1, probabilistic(1), { service: 'service 1', name: 'x'.repeat(257) }));
  sampling.calculate(10);
  expect(rateOf(sampling, 'service 99', 'GET')).toBeDefined();
  expect(rateOf(sampling, 'service 100', 'GET')).toBeUndefined();
  expect(sampling.strategy('service 0').perOperationStrategies).toHaveLength(256);
  expect(sampling.ignored).toBe(10 + 45 + 1);
});

test.each([
  [{ tracesPerSecond: 0 }, 'adaptive.tracesPerSecond above 0, got 0'],
  [{ tracesPerSecond: 1, initialProbability: 2 }, 'adaptive.initialProbability in [1e-7, 1], got 2'],
  [{ tracesPerSecond: 1, minProbability: 0 }, 'adaptive.minProbability in [1e-7, 1], got 0'],
  [
    { tracesPerSecond: 1, lowerBoundTracesPerSecond: -1 },
    'adaptive.lowerBoundTracesPerSecond of at least 0, got -1',
  ],
])('options %j are refused', (options, message) => {
  expect(() => new AdaptiveSampling(options)).toThrow(`@clew/viewer: expected ${message}`);
});
