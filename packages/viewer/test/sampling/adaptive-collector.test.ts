import { setTimeout as wait } from 'node:timers/promises';
import { type Collector, startCollector } from '../../src/collector.ts';
import type { OperationSampling } from '../../src/sampling/jaeger-strategy.ts';
import { startCollect } from '../clew-process.ts';
import { post, rootSpan } from './posted-spans.ts';

/** Sends root spans as an application whose sampler had this probability. */
function send(url: string, count: number, probability: number, service = 'shop'): Promise<void> {
  const attributes = { 'sampler.type': 'probabilistic', 'sampler.param': probability };
  return post(
    url,
    Array.from({ length: count }, (_, index) => rootSpan(index, attributes)),
    service,
  );
}

async function strategy(url: string, service = 'shop'): Promise<OperationSampling> {
  const response = await fetch(`${url}/sampling?service=${encodeURIComponent(service)}`);
  expect(response.headers.get('content-type')).toBe('application/json');
  const { strategyType, probabilisticSampling, operationSampling } = (await response.json()) as {
    strategyType: string;
    probabilisticSampling: object;
    operationSampling: OperationSampling;
  };
  expect(strategyType).toBe('PROBABILISTIC');
  expect(probabilisticSampling).toEqual({ samplingRate: operationSampling.defaultSamplingProbability });
  return operationSampling;
}

/** Waits for the end of an interval in which spans have arrived. */
async function adapted(url: string, service = 'shop'): Promise<OperationSampling> {
  for (const end = Date.now() + 60_000; Date.now() < end; await wait(20)) {
    const current = await strategy(url, service);
    const [first] = current.perOperationStrategies;
    if (first !== undefined && first.probabilisticSampling.samplingRate !== 0.5) return current;
  }
  throw new Error('no interval has ended in time');
}

describe('a collector with adaptive sampling', () => {
  let collector: Collector;
  beforeEach(async () => {
    collector = await startCollector({
      port: 0,
      adaptive: { tracesPerSecond: 2, initialProbability: 0.5, intervalMs: 100 },
    });
  });
  afterEach(() => collector.close());

  test('serves the initial probability to a service that it does not know', async () => {
    expect(await strategy(collector.url)).toEqual({
      defaultSamplingProbability: 0.5,
      defaultLowerBoundTracesPerSecond: 1 / 60,
      perOperationStrategies: [],
    });
  });

  test('adapts the probability of an operation to the received spans', async () => {
    await send(collector.url, 500, 0.5, 'a & b');
    const { perOperationStrategies } = await adapted(collector.url, 'a & b');
    const [first, ...others] = perOperationStrategies;
    expect(first?.operation).toBe('GET /orders/:id');
    // 1000 requests in an interval of about 100 ms, with a target of 2 traces a second.
    expect(first?.probabilisticSampling.samplingRate).toBeLessThan(0.01);
    expect(others).toEqual([]);
    expect((await strategy(collector.url, 'another')).perOperationStrategies).toEqual([]);
  });

  test('responds to /api/sampling as well', async () => {
    const response = await fetch(`${collector.url}/api/sampling?service=shop`);
    expect(await response.json()).toMatchObject({ strategyType: 'PROBABILISTIC' });
  });

  test.each([
    ['no service', '/sampling', {}, 400],
    ['two services', '/sampling?service=a&service=b', {}, 400],
    ['another method', '/sampling?service=a', { method: 'POST' }, 405],
    ['a web page', '/sampling?service=a', { headers: { origin: 'http://example.com' } }, 403],
  ])('rejects a request of %s', async (_, path, init, status) => {
    const response = await fetch(collector.url + path, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^expected /) });
  });
});

test('a collector without adaptive sampling serves no strategies', async () => {
  const collector = await startCollector({ port: 0 });
  expect((await fetch(`${collector.url}/sampling?service=shop`)).status).toBe(404);
  await collector.close();
});

test('an invalid option is refused before anything starts', async () => {
  await expect(startCollector({ port: 0, adaptive: { tracesPerSecond: 0 } })).rejects.toThrow(
    '@clew/viewer: expected adaptive.tracesPerSecond above 0, got 0',
  );
  await expect(startCollector({ port: 0, adaptive: { tracesPerSecond: 1, intervalMs: 1 } })).rejects.toThrow(
    '@clew/viewer: expected adaptive.intervalMs in [100, 3600000], got 1',
  );
});

test('clew collect --adaptive serves strategies', async () => {
  const collect = await startCollect(
    '--adaptive',
    '5',
    '--initial-probability',
    '0.25',
    '--lower-bound',
    '0',
  );
  expect(await strategy(collect.url)).toEqual({
    defaultSamplingProbability: 0.25,
    defaultLowerBoundTracesPerSecond: 0,
    perOperationStrategies: [],
  });
  expect(await collect.end('SIGTERM')).toBe(0);
});
