import { AdaptiveAggregator } from '../../../integration-tests/sampling/servers/adaptive-aggregator.ts';
import { JaegerDecider } from '../src/providers/jaeger-decider.ts';
import { readJaegerStrategies } from '../src/providers/jaeger-strategies.ts';
import { contextWithParent, facts, TestClock } from './facts.ts';

/** As in Jaeger's documentation and fixtures, except for the bounds. */
const perOperation = (changes: object = {}, list: object[] | null = null) =>
  JSON.stringify({
    strategyType: 'PROBABILISTIC',
    operationSampling: {
      defaultSamplingProbability: 0.1,
      defaultLowerBoundTracesPerSecond: 0,
      perOperationStrategies: list,
      defaultUpperBoundTracesPerSecond: 0,
      ...changes,
    },
  });
const strategy = (operation: string, samplingRate: number) => ({
  operation,
  probabilisticSampling: { samplingRate },
});

const clock = new TestClock();
const create = (text: string, previous?: JaegerDecider) =>
  new JaegerDecider(readJaegerStrategies(text), previous, clock.now);
const orders = (random: number) => facts({ route: '/orders/:id', random });

describe('a response of Jaeger', () => {
  test('with a probability keeps this share, and the attributes have the number as received', () => {
    const decider = create('{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.8}}');
    expect(decider.decide(facts({ random: 0.1 }))?.sampled).toBe(false);
    expect(decider.decide(facts({ random: 0.3 }))).toEqual({
      sampled: true,
      threshold: expect.objectContaining({ text: expect.stringMatching(/^3333/) }),
      attributes: { 'sampler.type': 'probabilistic', 'sampler.param': 0.8 },
    });
  });

  test('with a rate keeps so many traces a second, without a known probability', () => {
    const decider = create('{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":2}}');
    const kept = () => [0, 0, 0, 0].filter(() => decider.decide(facts())?.sampled === true).length;
    expect(kept()).toBe(2);
    clock.ms += 500;
    expect(kept()).toBe(1);
    clock.ms += 10_000;
    expect(decider.decide(facts())).toEqual({
      sampled: true,
      threshold: undefined,
      attributes: { 'sampler.type': 'ratelimiting', 'sampler.param': 2 },
    });
  });

  test('is read without regard to strategyType, operations first', () => {
    const both = {
      strategyType: 'RATE_LIMITING',
      probabilisticSampling: { samplingRate: 1 },
      rateLimitingSampling: null,
      operationSampling: {
        defaultSamplingProbability: 0,
        perOperationStrategies: [strategy('/health', 0.1)],
      },
    };
    const decider = create(JSON.stringify(both));
    expect(decider.decide(facts({ random: 0.9 }))?.sampled).toBe(false);
    expect(decider.decide(facts({ name: '/health', random: 0.95 }))?.sampled).toBe(true);
  });

  test.each([
    ['no JSON', '<html>'],
    ['a list', '[]'],
    ['no strategy', '{"strategyType":"PROBABILISTIC"}'],
    ['a ratio above 1', '{"probabilisticSampling":{"samplingRate":1.5}}'],
    ['a ratio that is a text', '{"probabilisticSampling":{"samplingRate":"0.5"}}'],
    ['a negative rate', '{"rateLimitingSampling":{"maxTracesPerSecond":-1}}'],
    ['operations that are not a list', perOperation({ perOperationStrategies: {} })],
    ['an operation without a name', perOperation({}, [{ probabilisticSampling: { samplingRate: 1 } }])],
  ])('with %s is refused', (_title, text) => {
    expect(() => readJaegerStrategies(text)).toThrow();
  });
});

describe('strategies by operation', () => {
  test('are found by the name of the span, and by method and route when the route is known', () => {
    const decider = create(perOperation({}, [strategy('GET /orders/:id', 0.5), strategy('consume', 0.5)]));
    expect(decider.decide(orders(0.6))?.attributes).toEqual({
      'sampler.type': 'probabilistic',
      'sampler.param': 0.5,
    });
    expect(decider.decide(facts({ name: 'consume', random: 0.6 }))?.sampled).toBe(true);
    // Unlisted operations have the default of 0.1.
    expect(decider.decide(facts({ route: '/other', random: 0.6 }))?.sampled).toBe(false);
    expect(decider.decide(facts({ random: 0.6 }))?.sampled).toBe(false);
    expect(decider.decide(facts({ random: 0.95 }))?.attributes).toEqual({
      'sampler.type': 'probabilistic',
      'sampler.param': 0.1,
    });
  });

  test('need the route only if a route with the method of the request is listed and may keep the trace', () => {
    const decider = create(perOperation({}, [strategy('GET /orders/:id', 0.5), strategy('consume it', 1)]));
    expect(decider.needsRoute(facts({ random: 0.6 }))).toBe(true);
    // No route with GET has a higher probability than 0.5.
    expect(decider.needsRoute(facts({ random: 0.4 }))).toBe(false);
    expect(decider.needsRoute(facts({ name: 'POST', random: 0.6 }))).toBe(false);
    expect(decider.needsRoute(facts({ name: 'consume', random: 0.6 }))).toBe(false);
    expect(decider.needsRoute(orders(0.6))).toBe(false);
    expect(decider.needsRoute(facts({ random: 0.6, routeIsFinal: true }))).toBe(false);
    const bounded = create(
      perOperation({ defaultLowerBoundTracesPerSecond: 1 }, [strategy('GET /orders/:id', 0.5)]),
    );
    expect(bounded.needsRoute(facts({ random: 0.4 }))).toBe(true);
    expect(create(perOperation()).needsRoute(facts({ random: 0.6 }))).toBe(false);
  });

  test('keep a lower bound for each listed and unlisted operation', () => {
    const decider = create(
      perOperation({ defaultLowerBoundTracesPerSecond: 0.5 }, [strategy('GET /orders/:id', 0.2)]),
    );
    const lifted = decider.decide(orders(0.1));
    // The parameter is the probability, by which Jaeger recognizes its last calculation.
    expect(lifted).toEqual({
      sampled: true,
      threshold: undefined,
      attributes: { 'sampler.type': 'lowerbound', 'sampler.param': 0.2 },
    });
    expect(decider.decide(orders(0.1))?.sampled).toBe(false);
    expect(decider.decide(facts({ route: '/unlisted', random: 0 }))?.attributes).toEqual({
      'sampler.type': 'lowerbound',
      'sampler.param': 0.1,
    });
    clock.ms += 2000;
    expect(decider.decide(orders(0.1))).toBe(lifted);
  });

  test('count a trace that the probability keeps towards the lower bound', () => {
    const decider = create(perOperation({ defaultLowerBoundTracesPerSecond: 1 }));
    expect(decider.decide(facts({ random: 0.95 }))?.attributes?.['sampler.type']).toBe('probabilistic');
    expect(decider.decide(facts({ random: 0.1 }))?.sampled).toBe(false);
  });

  test('keep at most the upper bound of each operation', () => {
    const decider = create(
      perOperation({ defaultUpperBoundTracesPerSecond: 2, defaultSamplingProbability: 1 }),
    );
    const kept = (name: string) =>
      [0, 0, 0].filter(() => decider.decide(facts({ name }))?.sampled === true).length;
    expect([kept('GET'), kept('POST')]).toEqual([2, 2]);
    clock.ms += 1000;
    expect(decider.decide(facts())).toEqual({
      sampled: true,
      threshold: undefined,
      attributes: { 'sampler.type': 'probabilistic', 'sampler.param': 1 },
    });
  });

  test('track 256 unlisted operations; all others share one lower bound', () => {
    const decider = create(perOperation({ defaultLowerBoundTracesPerSecond: 1 }));
    const kept = (from: number, to: number) => {
      let count = 0;
      for (let i = from; i < to; i++)
        if (decider.decide(facts({ name: `job ${i}`, random: 0 }))?.sampled === true) count++;
      return count;
    };
    expect(kept(0, 256)).toBe(256);
    expect(kept(256, 10_000)).toBe(1);
    clock.ms += 1000;
    expect(kept(0, 10_000)).toBe(257);
  });

  test('keep their tokens in an update', () => {
    const text = perOperation({ defaultLowerBoundTracesPerSecond: 1 }, [strategy('GET /orders/:id', 0.2)]);
    const first = create(text);
    expect(first.decide(orders(0))?.sampled).toBe(true);
    expect(first.decide(facts({ random: 0 }))?.sampled).toBe(true);
    // The listed operation becomes unlisted, and the other way round.
    const swapped = perOperation({ defaultLowerBoundTracesPerSecond: 1 }, [strategy('GET', 0.2)]);
    const second = create(swapped, first);
    expect(second.decide(orders(0))?.sampled).toBe(false);
    expect(second.decide(facts({ random: 0 }))?.sampled).toBe(false);
    const limited = (max: number, previous?: JaegerDecider) =>
      create(`{"rateLimitingSampling":{"maxTracesPerSecond":${max}}}`, previous);
    const before = limited(1);
    before.decide(facts());
    expect(limited(10, before).decide(facts())?.sampled).toBe(false);
  });

  test('do not decide a trace with a parent', () => {
    const decider = create('{"probabilisticSampling":{"samplingRate":1}}');
    const child = facts({ origin: 'remote-unsampled', context: contextWithParent });
    expect(decider.decide(child)).toBeUndefined();
    expect(decider.decide(facts({ origin: 'debug', context: contextWithParent }))).toBeUndefined();
    expect(decider.decide(facts({ origin: 'debug' }))?.sampled).toBe(true);
    const routed = create(perOperation({}, [strategy('GET /orders/:id', 1)]));
    expect(routed.needsRoute({ ...child, routeIsFinal: false })).toBe(false);
  });
});

describe('adaptive sampling', () => {
  test('reaches its target for each operation, and holds it when the load changes', () => {
    const target = 5;
    const backend = new AdaptiveAggregator({ targetSamplesPerSecond: target });
    let decider: JaegerDecider | undefined;
    /** A deterministic sequence that is spread evenly. */
    let sequence = 0;
    const random = () => (sequence = (sequence + 0.618_033_988_75) % 1);
    const minute = (perSecond: number) => {
      decider = create(JSON.stringify(backend.response()), decider);
      for (let second = 0; second < 60; second++) {
        for (let i = 0; i < perSecond; i++) {
          clock.ms += 1000 / perSecond;
          const atStart = facts({ random: random() });
          const request = decider.needsRoute(atStart)
            ? { ...atStart, route: '/orders/:id', routeIsFinal: true }
            : atStart;
          const attributes = decider.decide(request)?.attributes;
          const span = { service: 'shop', operation: 'GET /orders/:id', parentSpanId: '' };
          if (attributes !== undefined) backend.collect({ ...span, attributes });
        }
      }
      const kept = (backend.counts['GET /orders/:id'] ?? 0) / 60;
      backend.calculate(60);
      return kept;
    };
    for (let i = 0; i < 15; i++) minute(100);
    expect(Math.abs(minute(100) - target)).toBeLessThan(target * 0.3);
    minute(1000);
    minute(1000);
    expect(Math.abs(minute(1000) - target)).toBeLessThan(target * 0.3);
  });
});
