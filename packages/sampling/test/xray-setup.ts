import { diag } from '@opentelemetry/api';
import { startXRayServer, type XRayServer } from '../../../integration-tests/sampling/servers/xray-server.ts';
import { XRayProvider, type XRayProviderOptions } from '../src/providers/xray-provider.ts';
import { facts } from './facts.ts';
import { SetsInForce } from './sets-in-force.ts';

/** A server of X-Ray's rules and a provider that reads them, for the tests of one file. */
export function xraySetup() {
  /** What the current test has started. */
  const running = {} as { server: XRayServer; provider: XRayProvider };

  async function start(
    rules: object[],
    options: Partial<XRayProviderOptions> = {},
    rulesOnPage?: number,
  ): Promise<SetsInForce> {
    running.server = await startXRayServer(rules as never, rulesOnPage);
    running.provider = new XRayProvider({
      url: running.server.url,
      resource: { 'service.name': 'shop' },
      targetsIntervalMs: 20,
      ...options,
    });
    const sets = SetsInForce.of(running.provider);
    await sets.count(2);
    return sets;
  }

  /** Resolves when the statistics of a rule have arrived. */
  async function reported(ruleName: string, requests: number): Promise<void> {
    const sum = () =>
      running.server.statistics.reduce(
        (total, { RuleName, RequestCount }) => total + (RuleName === ruleName ? RequestCount : 0),
        0,
      );
    while (sum() < requests) await running.server.receivedMore(1);
  }

  afterEach(async () => {
    running.provider.stop();
    diag.disable();
    await running.server.close();
  });

  return { running, start, reported };
}

/** Decides about this many requests, and returns how many of them are sampled. */
export function request(sets: SetsInForce, count: number, path = '/', random = 0): number {
  const one = facts({ attributes: { 'url.path': path }, random });
  return Array.from({ length: count }).filter(() => sets.decider.decide(one)?.sampled).length;
}
