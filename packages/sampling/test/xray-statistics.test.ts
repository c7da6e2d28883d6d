import { setImmediate as nextTurn } from 'node:timers/promises';
import { startXRayServer, xrayRule } from '../../../integration-tests/sampling/servers/xray-server.ts';
import { XRayProvider } from '../src/providers/xray-provider.ts';
import { PolicySampler } from '../src/sampler/policy-sampler.ts';
import { facts } from './facts.ts';
import { decide } from './local-root.ts';
import { collectLogs, SetsInForce } from './sets-in-force.ts';
import { request, xraySetup } from './xray-setup.ts';

const { running, reported, start } = xraySetup();

describe('the X-Ray provider', () => {
  test('reports the counts of a rule once, and only for rules that were used', async () => {
    const sets = await start([xrayRule('Default', { ReservoirSize: 1 }), xrayRule('a', { URLPath: '/a' })]);
    request(sets, 5);
    await running.server.receivedBy('SamplingTargets', 1);
    expect(running.server.statistics).toEqual([
      {
        ClientID: expect.stringMatching(/^[0-9a-f]{24}$/),
        RuleName: 'Default',
        Timestamp: expect.any(Number),
        RequestCount: 5,
        SampledCount: 1,
        BorrowCount: 1,
      },
    ]);
    request(sets, 2);
    await running.server.receivedBy('SamplingTargets', 2);
    expect(running.server.statistics.map(({ RequestCount }) => RequestCount)).toEqual([5, 2]);
    expect(running.server.boosts).toEqual([]);
  });

  test('applies the quota and the rate that X-Ray assigns', async () => {
    const sets = await start([xrayRule('Default', { ReservoirSize: 50 })]);
    const ttl = Math.ceil(Date.now() / 1000) + 60;
    running.server.assign('Default', { ReservoirQuota: 7, ReservoirQuotaTTL: ttl, FixedRate: 0.5 });
    expect(request(sets, 1)).toBe(1);
    // The second report shows that the response to the first was applied.
    await running.server.receivedBy('SamplingTargets', 1);
    while (request(sets, 1, '/', 0.6) === 0) await running.server.receivedMore(1);
    expect(request(sets, 20)).toBeGreaterThanOrEqual(6);
    expect(request(sets, 20)).toBe(0);
  });

  test.each([-86_400, 86_400])(
    'uses a quota and newer rules although the clock of X-Ray differs by %i s',
    async (seconds) => {
      running.server = await startXRayServer([xrayRule('Default', { ReservoirSize: 50 })]);
      running.server.shiftClock(seconds);
      running.provider = new XRayProvider({ url: running.server.url, resource: {}, targetsIntervalMs: 20 });
      const sets = SetsInForce.of(running.provider);
      await sets.count(2);
      running.server.assign('Default', { ReservoirQuota: 5, ReservoirQuotaTTL: running.server.nowS() + 60 });
      // Without a quota, one trace a second is borrowed.
      while (request(sets, 5) < 4) await running.server.receivedMore(1);
      running.server.setRules([xrayRule('Default', { FixedRate: 1 })]);
      request(sets, 1);
      await sets.count(3);
      expect(request(sets, 5)).toBe(5);
    },
  );

  test('reports many rules in requests of at most 25', async () => {
    const rules = Array.from({ length: 60 }, (_, i) => xrayRule(`rule${i}`, { URLPath: `/${i}` }));
    const sets = await start(rules);
    for (let i = 0; i < 60; i++) request(sets, 1, `/${i}`);
    await running.server.receivedBy('SamplingTargets', 3);
    expect(new Set(running.server.statistics.map(({ RuleName }) => RuleName)).size).toBe(60);
    const sizes = running.server
      .requestsOf('SamplingTargets')
      .map(({ body }) => JSON.parse(body.toString()).SamplingStatisticsDocuments.length);
    expect(sizes).toEqual([25, 25, 10]);
  });

  test('reports counts later if a report failed', async () => {
    const logs = collectLogs();
    const sets = await start([xrayRule('Default')]);
    running.server.fail('SamplingTargets', 500);
    request(sets, 3);
    await running.server.receivedBy('SamplingTargets', 2);
    request(sets, 4);
    running.server.fail('SamplingTargets', undefined);
    await reported('Default', 7);
    expect(running.server.statistics).toEqual([expect.objectContaining({ RequestCount: 7 })]);
    expect(running.provider.stats().failures.status).toBeGreaterThanOrEqual(2);
    expect(logs).toEqual([expect.stringContaining('responded with 500')]);
  });

  test('counts refused statistics, and reports them again if the error is temporary', async () => {
    collectLogs();
    const sets = await start([xrayRule('a', { URLPath: '/a' }), xrayRule('b', { URLPath: '/b' })]);
    running.server.refuse('a', '500');
    running.server.refuse('b', '400');
    request(sets, 2, '/a');
    request(sets, 3, '/b');
    await running.server.receivedBy('SamplingTargets', 2);
    running.server.refuse('a', undefined);
    running.server.refuse('b', undefined);
    request(sets, 1, '/b');
    await reported('a', 2);
    await reported('b', 1);
    expect(
      running.server.statistics.map(({ RuleName, RequestCount }) => [RuleName, RequestCount]).sort(),
    ).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(running.provider.stats().failures.unprocessed).toBeGreaterThanOrEqual(2);
  });

  test('boosts the rate, and reports how the traces of such a rule ended', async () => {
    const sets = await start([xrayRule('Default', { SamplingRateBoost: { MaxRate: 1 } })]);
    const ttl = Math.ceil(Date.now() / 1000) + 60;
    running.server.assign('Default', { SamplingBoost: { BoostRate: 1, BoostRateTTL: ttl } });
    request(sets, 4);
    const { ended } = sets.decider.late(facts()) ?? {};
    for (const isError of [true, true, false]) ended?.(isError, false);
    await running.server.receivedBy('SamplingTargets', 1);
    expect(running.server.boosts).toEqual([
      {
        RuleName: 'Default',
        ServiceName: 'shop',
        Timestamp: expect.any(Number),
        TotalCount: 3,
        AnomalyCount: 2,
        SampledAnomalyCount: 0,
      },
    ]);
    while (request(sets, 1) === 0) await running.server.receivedMore(1);
    expect(request(sets, 10)).toBe(10);
  });

  test('reports how traces of a sampler ended, whether they were sampled or not', async () => {
    running.server = await startXRayServer([xrayRule('Default', { SamplingRateBoost: { MaxRate: 1 } })]);
    running.provider = new XRayProvider({ url: running.server.url, resource: {}, targetsIntervalMs: 20 });
    const sampler = new PolicySampler({ providers: [running.provider] });
    while (running.provider.stats().loads === 0) await nextTurn();
    for (const isError of [true, false]) {
      const { sampled, pending } = decide(sampler);
      expect(sampled).toBe(false);
      expect(pending?.atEnd({ isError, durationMs: 1 }).sampled).toBe(false);
    }
    await running.server.receivedBy('SamplingTargets', 1);
    expect(running.server.statistics[0]).toMatchObject({ RequestCount: 2, SampledCount: 0 });
    expect(running.server.boosts[0]).toMatchObject({
      TotalCount: 2,
      AnomalyCount: 1,
      SampledAnomalyCount: 0,
    });
    sampler.shutdown();
  });
});
