import { startXRayServer, xrayRule } from '../../../integration-tests/sampling/servers/xray-server.ts';
import type { XRayDecider } from '../src/providers/xray-decider.ts';
import { XRayProvider } from '../src/providers/xray-provider.ts';
import { collectLogs, SetsInForce } from './sets-in-force.ts';
import { request, xraySetup } from './xray-setup.ts';

const NEVER_MS = 300_000;

const { running, start } = xraySetup();

describe('the X-Ray provider', () => {
  test('uses the fallback until it has the rules, which it fetches at once', async () => {
    const sets = await start([xrayRule('Default', { FixedRate: 1 })]);
    expect(sets.all[0]?.version).toBe('fallback');
    expect(request(sets, 5)).toBe(5);
    expect(running.provider.stats()).toMatchObject({ loads: 1, failures: {} });
    expect(running.server.requests[0]).toMatchObject({ method: 'POST', path: '/GetSamplingRules' });
  });

  test('fetches all pages of rules', async () => {
    const rules = Array.from({ length: 7 }, (_, i) => xrayRule(`rule${i}`));
    const sets = await start(rules, {}, 3);
    expect((sets.decider as XRayDecider).rules).toHaveLength(7);
    expect(
      running.server.requestsOf('GetSamplingRules').map(({ body }) => JSON.parse(body.toString())),
    ).toEqual([{}, { NextToken: '3' }, { NextToken: '6' }]);
  });

  test('fetches the rules again when X-Ray has newer ones', async () => {
    const sets = await start([xrayRule('Default', { FixedRate: 0 })], { intervalMs: NEVER_MS });
    running.server.setRules([xrayRule('Default', { FixedRate: 1 })]);
    request(sets, 1);
    await sets.count(3);
    expect(request(sets, 5)).toBe(5);
    expect(running.server.requestsOf('GetSamplingRules')).toHaveLength(2);
    // The same modification is not fetched twice.
    for (let i = 2; i <= 4; i++) {
      request(sets, 1);
      await running.server.receivedBy('SamplingTargets', i);
    }
    expect(running.server.requestsOf('GetSamplingRules')).toHaveLength(2);
  });

  test('keeps its rules while X-Ray fails', async () => {
    const logs = collectLogs();
    const sets = await start([xrayRule('Default', { FixedRate: 1 })], { intervalMs: 20 });
    running.server.fail('GetSamplingRules', 503);
    await running.server.receivedMore(3);
    expect(request(sets, 5)).toBe(5);
    expect(logs).toHaveLength(1);
    running.server.fail('GetSamplingRules', undefined);
    running.server.setRules([xrayRule('Default', { FixedRate: 0 })]);
    await sets.count(3);
    expect(request(sets, 5)).toBe(0);
  });

  test('refuses more than 1,000 rules', async () => {
    collectLogs();
    const rules = Array.from({ length: 1001 }, (_, i) => xrayRule(`r${i}`));
    running.server = await startXRayServer(rules, 600);
    running.provider = new XRayProvider({ url: running.server.url, resource: {} });
    const sets = SetsInForce.of(running.provider);
    await running.server.receivedBy('GetSamplingRules', 3);
    expect(sets.all.map(({ version }) => version)).toEqual(['fallback']);
    expect(running.provider.stats().failures).toEqual({ invalid: 1 });
  });

  test('requests at most 101 pages', async () => {
    collectLogs();
    running.server = await startXRayServer([]);
    const endless = await startXRayServer(
      Array.from({ length: 5000 }, (_, i) => xrayRule(`r${i}`)),
      1,
    );
    await running.server.close();
    running.server = endless;
    running.provider = new XRayProvider({ url: running.server.url, resource: {} });
    const sets = SetsInForce.of(running.provider);
    await running.server.receivedBy('GetSamplingRules', 101);
    expect(sets.all.map(({ version }) => version)).toEqual(['fallback']);
    expect(running.provider.stats().failures).toEqual({ invalid: 1 });
  });
});
