import { setImmediate as nextTurn } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import {
  startXRayServer,
  type XRayServer,
  xrayRule,
} from '../../../integration-tests/sampling/servers/xray-server.ts';
import type { XRayDecider } from '../src/providers/xray-decider.ts';
import { XRayProvider, type XRayProviderOptions } from '../src/providers/xray-provider.ts';
import { PolicySampler } from '../src/sampler/policy-sampler.ts';
import { facts } from './facts.ts';
import { decide } from './local-root.ts';
import { collectLogs, SetsInForce } from './sets-in-force.ts';

const NEVER_MS = 300_000;
let server: XRayServer;
let provider: XRayProvider;

async function start(
  rules: object[],
  options: Partial<XRayProviderOptions> = {},
  rulesOnPage?: number,
): Promise<SetsInForce> {
  server = await startXRayServer(rules as never, rulesOnPage);
  provider = new XRayProvider({
    url: server.url,
    resource: { 'service.name': 'shop' },
    targetsIntervalMs: 20,
    ...options,
  });
  const sets = SetsInForce.of(provider);
  await sets.count(2);
  return sets;
}

function request(sets: SetsInForce, count: number, path = '/', random = 0): number {
  const one = facts({ attributes: { 'url.path': path }, random });
  return Array.from({ length: count }).filter(() => sets.decider.decide(one)?.sampled).length;
}

/** Resolves when the statistics of a rule have arrived. */
async function reported(ruleName: string, requests: number): Promise<void> {
  const sum = () =>
    server.statistics.reduce(
      (total, { RuleName, RequestCount }) => total + (RuleName === ruleName ? RequestCount : 0),
      0,
    );
  while (sum() < requests) await server.receivedMore(1);
}

afterEach(async () => {
  provider.stop();
  diag.disable();
  await server.close();
});

describe('the X-Ray provider', () => {
  test('has the fallback in force until it has the rules, which it fetches at once', async () => {
    const sets = await start([xrayRule('Default', { FixedRate: 1 })]);
    expect(sets.all[0]?.version).toBe('fallback');
    expect(request(sets, 5)).toBe(5);
    expect(provider.stats()).toMatchObject({ loads: 1, failures: {} });
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/GetSamplingRules' });
  });

  test('fetches all pages of rules', async () => {
    const rules = Array.from({ length: 7 }, (_, i) => xrayRule(`rule${i}`));
    const sets = await start(rules, {}, 3);
    expect((sets.decider as XRayDecider).rules).toHaveLength(7);
    expect(server.requestsOf('GetSamplingRules').map(({ body }) => JSON.parse(body.toString()))).toEqual([
      {},
      { NextToken: '3' },
      { NextToken: '6' },
    ]);
  });

  test('reports what a rule has counted, once, and only rules that were used', async () => {
    const sets = await start([xrayRule('Default', { ReservoirSize: 1 }), xrayRule('a', { URLPath: '/a' })]);
    request(sets, 5);
    await server.receivedBy('SamplingTargets', 1);
    expect(server.statistics).toEqual([
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
    await server.receivedBy('SamplingTargets', 2);
    expect(server.statistics.map(({ RequestCount }) => RequestCount)).toEqual([5, 2]);
    expect(server.boosts).toEqual([]);
  });

  test('applies the quota and the rate that X-Ray assigns', async () => {
    const sets = await start([xrayRule('Default', { ReservoirSize: 50 })]);
    const ttl = Math.ceil(Date.now() / 1000) + 60;
    server.assign('Default', { ReservoirQuota: 7, ReservoirQuotaTTL: ttl, FixedRate: 0.5 });
    expect(request(sets, 1)).toBe(1);
    // The second report shows that the response to the first was applied.
    await server.receivedBy('SamplingTargets', 1);
    while (request(sets, 1, '/', 0.6) === 0) await server.receivedMore(1);
    expect(request(sets, 20)).toBeGreaterThanOrEqual(6);
    expect(request(sets, 20)).toBe(0);
  });

  test.each([-86_400, 86_400])(
    'uses a quota and newer rules although the clock of X-Ray differs by %i s',
    async (seconds) => {
      server = await startXRayServer([xrayRule('Default', { ReservoirSize: 50 })]);
      server.shiftClock(seconds);
      provider = new XRayProvider({ url: server.url, resource: {}, targetsIntervalMs: 20 });
      const sets = SetsInForce.of(provider);
      await sets.count(2);
      server.assign('Default', { ReservoirQuota: 5, ReservoirQuotaTTL: server.nowS() + 60 });
      // Without a quota, one trace a second is borrowed.
      while (request(sets, 5) < 4) await server.receivedMore(1);
      server.setRules([xrayRule('Default', { FixedRate: 1 })]);
      request(sets, 1);
      await sets.count(3);
      expect(request(sets, 5)).toBe(5);
    },
  );

  test('reports many rules in requests of at most 25', async () => {
    const rules = Array.from({ length: 60 }, (_, i) => xrayRule(`rule${i}`, { URLPath: `/${i}` }));
    const sets = await start(rules);
    for (let i = 0; i < 60; i++) request(sets, 1, `/${i}`);
    await server.receivedBy('SamplingTargets', 3);
    expect(new Set(server.statistics.map(({ RuleName }) => RuleName)).size).toBe(60);
    const sizes = server
      .requestsOf('SamplingTargets')
      .map(({ body }) => JSON.parse(body.toString()).SamplingStatisticsDocuments.length);
    expect(sizes).toEqual([25, 25, 10]);
  });

  test('reports later what could not be reported', async () => {
    const logs = collectLogs();
    const sets = await start([xrayRule('Default')]);
    server.fail('SamplingTargets', 500);
    request(sets, 3);
    await server.receivedBy('SamplingTargets', 2);
    request(sets, 4);
    server.fail('SamplingTargets', undefined);
    await reported('Default', 7);
    expect(server.statistics).toEqual([expect.objectContaining({ RequestCount: 7 })]);
    expect(provider.stats().failures.status).toBeGreaterThanOrEqual(2);
    expect(logs).toEqual([expect.stringContaining('responded with 500')]);
  });

  test('counts refused statistics, and reports them again if the error is temporary', async () => {
    collectLogs();
    const sets = await start([xrayRule('a', { URLPath: '/a' }), xrayRule('b', { URLPath: '/b' })]);
    server.refuse('a', '500');
    server.refuse('b', '400');
    request(sets, 2, '/a');
    request(sets, 3, '/b');
    await server.receivedBy('SamplingTargets', 2);
    server.refuse('a', undefined);
    server.refuse('b', undefined);
    request(sets, 1, '/b');
    await reported('a', 2);
    await reported('b', 1);
    expect(server.statistics.map(({ RuleName, RequestCount }) => [RuleName, RequestCount]).sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(provider.stats().failures.unprocessed).toBeGreaterThanOrEqual(2);
  });

  test('fetches the rules again when X-Ray has newer ones', async () => {
    const sets = await start([xrayRule('Default', { FixedRate: 0 })], { intervalMs: NEVER_MS });
    server.setRules([xrayRule('Default', { FixedRate: 1 })]);
    request(sets, 1);
    await sets.count(3);
    expect(request(sets, 5)).toBe(5);
    expect(server.requestsOf('GetSamplingRules')).toHaveLength(2);
    // The same modification is not fetched twice.
    for (let i = 2; i <= 4; i++) {
      request(sets, 1);
      await server.receivedBy('SamplingTargets', i);
    }
    expect(server.requestsOf('GetSamplingRules')).toHaveLength(2);
  });

  test('boosts the rate, and reports how the traces of such a rule ended', async () => {
    const sets = await start([xrayRule('Default', { SamplingRateBoost: { MaxRate: 1 } })]);
    const ttl = Math.ceil(Date.now() / 1000) + 60;
    server.assign('Default', { SamplingBoost: { BoostRate: 1, BoostRateTTL: ttl } });
    request(sets, 4);
    const { ended } = sets.decider.late(facts()) ?? {};
    for (const isError of [true, true, false]) ended?.(isError, false);
    await server.receivedBy('SamplingTargets', 1);
    expect(server.boosts).toEqual([
      {
        RuleName: 'Default',
        ServiceName: 'shop',
        Timestamp: expect.any(Number),
        TotalCount: 3,
        AnomalyCount: 2,
        SampledAnomalyCount: 0,
      },
    ]);
    while (request(sets, 1) === 0) await server.receivedMore(1);
    expect(request(sets, 10)).toBe(10);
  });

  test('learns from a sampler how traces ended, sampled or not', async () => {
    server = await startXRayServer([xrayRule('Default', { SamplingRateBoost: { MaxRate: 1 } })]);
    provider = new XRayProvider({ url: server.url, resource: {}, targetsIntervalMs: 20 });
    const sampler = new PolicySampler({ providers: [provider] });
    while (provider.stats().loads === 0) await nextTurn();
    for (const isError of [true, false]) {
      const { sampled, pending } = decide(sampler);
      expect(sampled).toBe(false);
      expect(pending?.atEnd({ isError, durationMs: 1 }).sampled).toBe(false);
    }
    await server.receivedBy('SamplingTargets', 1);
    expect(server.statistics[0]).toMatchObject({ RequestCount: 2, SampledCount: 0 });
    expect(server.boosts[0]).toMatchObject({ TotalCount: 2, AnomalyCount: 1, SampledAnomalyCount: 0 });
    sampler.shutdown();
  });

  test('keeps the rules while X-Ray fails', async () => {
    const logs = collectLogs();
    const sets = await start([xrayRule('Default', { FixedRate: 1 })], { intervalMs: 20 });
    server.fail('GetSamplingRules', 503);
    await server.receivedMore(3);
    expect(request(sets, 5)).toBe(5);
    expect(logs).toHaveLength(1);
    server.fail('GetSamplingRules', undefined);
    server.setRules([xrayRule('Default', { FixedRate: 0 })]);
    await sets.count(3);
    expect(request(sets, 5)).toBe(0);
  });

  test('refuses more than 1,000 rules', async () => {
    collectLogs();
    const rules = Array.from({ length: 1001 }, (_, i) => xrayRule(`r${i}`));
    server = await startXRayServer(rules, 600);
    provider = new XRayProvider({ url: server.url, resource: {} });
    const sets = SetsInForce.of(provider);
    await server.receivedBy('GetSamplingRules', 3);
    expect(sets.all.map(({ version }) => version)).toEqual(['fallback']);
    expect(provider.stats().failures).toEqual({ invalid: 1 });
  });

  test('does not request pages without an end', async () => {
    collectLogs();
    server = await startXRayServer([]);
    const endless = await startXRayServer(
      Array.from({ length: 5000 }, (_, i) => xrayRule(`r${i}`)),
      1,
    );
    await server.close();
    server = endless;
    provider = new XRayProvider({ url: server.url, resource: {} });
    const sets = SetsInForce.of(provider);
    await server.receivedBy('GetSamplingRules', 101);
    expect(sets.all.map(({ version }) => version)).toEqual(['fallback']);
    expect(provider.stats().failures).toEqual({ invalid: 1 });
  });
});
