import { diag } from '@opentelemetry/api';
import {
  type JaegerServer,
  startJaegerServer,
} from '../../../integration-tests/sampling/servers/jaeger-server.ts';
import { JaegerProvider, type JaegerProviderOptions } from '../src/providers/jaeger-provider.ts';
import { facts } from './facts.ts';
import { collectLogs, SetsInForce } from './sets-in-force.ts';

const SERVICE = 'shop & co/ü';
const rate = (samplingRate: number) => ({
  strategyType: 'PROBABILISTIC',
  probabilisticSampling: { samplingRate },
});

let server: JaegerServer;
let provider: JaegerProvider;

function start(options: Partial<JaegerProviderOptions> = {}): SetsInForce {
  provider = new JaegerProvider({ serviceName: SERVICE, url: server.url, intervalMs: 20, ...options });
  return SetsInForce.of(provider);
}

beforeEach(async () => {
  server = await startJaegerServer();
  server.serve(SERVICE, rate(1));
});

afterEach(async () => {
  provider.stop();
  diag.disable();
  await server.close();
});

describe('the Jaeger provider', () => {
  test('fetches the strategies of its service at once', async () => {
    const sets = start({ intervalMs: 86_400_000 });
    await sets.count(1);
    expect(sets.decider.decide(facts())?.attributes).toEqual({
      'sampler.type': 'probabilistic',
      'sampler.param': 1,
    });
    expect(server.requests[0]?.path).toBe(`/sampling?${new URLSearchParams({ service: SERVICE })}`);
    expect(provider.name).toBe(`jaeger ${server.url}`);
  });

  test('adds the path of the endpoint to a URL without one', async () => {
    const sets = start({ url: server.origin });
    await sets.count(1);
    expect(provider.name).toBe(`jaeger ${server.url}`);
  });

  test('puts changed strategies in force, and counts equal ones as unchanged', async () => {
    const sets = start();
    await sets.count(1);
    await server.receivedMore(3);
    expect(sets.all).toHaveLength(1);
    expect(provider.stats().unchanged).toBeGreaterThan(0);
    server.serve(SERVICE, rate(0));
    await sets.count(2);
    expect(sets.decider.decide(facts())?.sampled).toBe(false);
  });

  test('passes on the tokens of a rate to the next strategies', async () => {
    server.serve(SERVICE, { rateLimitingSampling: { maxTracesPerSecond: 0.001 } });
    const sets = start();
    await sets.count(1);
    expect(sets.decider.decide(facts())?.sampled).toBe(true);
    server.serve(SERVICE, { rateLimitingSampling: { maxTracesPerSecond: 0.002 } });
    await sets.count(2);
    expect(sets.decider.decide(facts())?.sampled).toBe(false);
  });

  test('keeps the last strategies while the response is invalid', async () => {
    const logs = collectLogs();
    const sets = start();
    await sets.count(1);
    server.serve(SERVICE, '{"strategyType":"PROBABILISTIC"}');
    await server.receivedMore(3);
    expect(sets.all).toHaveLength(1);
    expect(provider.stats().failures.invalid).toBeGreaterThan(0);
    expect(logs).toEqual([
      expect.stringMatching(/^@clew\/sampling: jaeger http.* the last good set stays in force$/),
    ]);
  });

  test('has a probability in force until the first response, if it is given', async () => {
    const sets = start({ initialRate: 0.25 });
    expect(sets.all.map(({ version }) => version)).toEqual(['initial']);
    expect(sets.decider.decide(facts({ random: 0.8 }))?.attributes?.['sampler.param']).toBe(0.25);
    await sets.count(2);
    expect(sets.decider.decide(facts())?.attributes?.['sampler.param']).toBe(1);
  });

  test('is refused with an invalid option', () => {
    start();
    expect(() => new JaegerProvider({ serviceName: '' })).toThrow('expected jaeger.serviceName to be a text');
    expect(() => new JaegerProvider({ serviceName: 'x', initialRate: 2 })).toThrow(
      '@clew/sampling: expected jaeger.initialRate in [0, 1], got 2',
    );
  });
});
