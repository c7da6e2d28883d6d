import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type Decider, PolicySampler, readPolicies } from '../src/index.ts';
import { decide, never, unsampled } from './local-root.ts';
import { TestProvider } from './test-provider.ts';

describe('providers', () => {
  test('restrict one another, and the first of two with the same policy id by priority is used', () => {
    const file = new TestProvider('file', 3);
    const opamp = new TestProvider('opamp', 1);
    const sampler = new PolicySampler({
      policies: [{ id: 'own', keep: { always: true } }],
      providers: [file, opamp],
    });
    expect(decide(sampler).sampled).toBe(true);
    file.put({ policies: [never('same')] }, '1');
    expect(decide(sampler).sampled).toBe(false);
    opamp.put({ policies: [{ id: 'same', keep: { ratio: 0.75 } }] }, '2');
    expect(decide(sampler).attributes).toEqual({
      'clew.sampling.policy': 'same',
      'clew.sampling.kept': 'ratio',
    });
    expect(sampler.policies().policies.map(({ policy, provider }) => [policy.id, provider])).toEqual([
      ['same', 'opamp'],
      ['own', 'code'],
    ]);
    opamp.put({ policies: [] }, '3');
    expect(decide(sampler).sampled).toBe(false);
  });

  test('of the same name have counters and policies of their own', () => {
    const providers = [1, 2, 3].map(() => new TestProvider('application'));
    const sampler = new PolicySampler({ providers });
    for (const [index, provider] of providers.entries()) provider.put({ policies: [never(`${index}`)] }, '1');
    const names = ['application', 'application (2)', 'application (3)'];
    expect(Object.keys(sampler.stats().providers)).toEqual(names);
    expect(sampler.policies().policies.map(({ provider }) => provider)).toEqual(names);
  });

  test('have telemetry policies that are skipped: this is logged, and listed with the reason', () => {
    const warnings: string[] = [];
    const ignore = () => {};
    const warn = (message: string) => warnings.push(message);
    diag.setLogger({ error: ignore, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
    const provider = new TestProvider('collector');
    const sampler = new PolicySampler({ providers: [provider] });
    provider.put(readPolicies([{ id: 'logs', name: 'Logs', log: {} }]), '1');
    expect(sampler.policies().skipped).toEqual([
      { id: 'logs', reason: 'it applies to a log', provider: 'collector' },
    ]);
    expect(warnings.filter((text) => text.includes('not applied'))).toEqual([
      '@clew/sampling: 1 telemetry policies of collector are not applied, such as "logs": it applies to a log',
    ]);
    diag.disable();
  });

  test('keep their last set if they put a wrong one in force', () => {
    const provider = new TestProvider('wrong');
    const sampler = new PolicySampler({ providers: [provider] });
    provider.put({ policies: [never('all')] }, '1');
    provider.put({ policies: [{ id: 'all', keep: {} }] }, '2');
    provider.put(null as never, '3');
    expect(decide(sampler).sampled).toBe(false);
  });

  test('are stopped, after which their last policies stay in force', () => {
    const provider = new TestProvider('one');
    const sampler = new PolicySampler({ providers: [provider] });
    provider.put({ policies: [never('all')] }, '1');
    sampler.shutdown();
    expect(provider.stopped).toBe(true);
    provider.put({ policies: [] }, '2');
    expect(decide(sampler).sampled).toBe(false);
  });

  test('that fail to start or stop do not fail the application', () => {
    const fail = () => {
      throw new Error('broken');
    };
    const provider = Object.assign(new TestProvider('broken'), { start: fail, stop: fail });
    const sampler = new PolicySampler({ providers: [provider] });
    expect(decide(sampler).sampled).toBe(true);
    sampler.shutdown();
  });

  test('whose counters cannot be read do not fail the application', () => {
    const broken = new TestProvider('broken');
    broken.stats = () => {
      throw new Error('no counters');
    };
    const sampler = new PolicySampler({ providers: [broken, new TestProvider('file')] });
    expect(Object.keys(sampler.stats().providers)).toEqual(['file']);
  });

  test('with rules of another kind take the place of the default, after the caller', () => {
    const provider = new TestProvider('jaeger');
    const attributes = { 'sampler.type': 'const', 'sampler.param': 0 };
    const decider: Decider = {
      needsRoute: ({ name }) => name === 'GET',
      decide: ({ name }) =>
        name === 'other' ? undefined : { sampled: true, threshold: undefined, attributes },
      late: () => undefined,
    };
    const sampler = new PolicySampler({ providers: [provider], default: { never: true } });
    provider.put(decider, '1');
    expect(decide(sampler, { ...unsampled }).sampled).toBe(false);
    expect(decide(sampler, { name: 'other' }).sampled).toBe(false);
    expect(decide(sampler, { name: 'POST' })).toEqual({ sampled: true, traceState: undefined, attributes });
    expect(decide(sampler).pending?.atRoute('/a').attributes).toEqual(attributes);
    expect(sampler.policies().deciders).toEqual([{ provider: 'jaeger', version: '1' }]);
  });

  test('with rules that count are informed of the end of each trace', () => {
    const ends: unknown[] = [];
    const provider = new TestProvider('xray');
    const sampler = new PolicySampler({ providers: [provider] });
    const decider = (kept: boolean): Decider => ({
      needsRoute: () => false,
      decide: () => ({ sampled: kept, threshold: undefined, attributes: undefined }),
      late: () => ({
        onError: undefined,
        slowerThanMs: Number.POSITIVE_INFINITY,
        slow: undefined,
        ended: (...end) => ends.push(end),
      }),
    });
    for (const kept of [true, false]) {
      provider.put(decider(kept), '1');
      const decision = decide(sampler);
      expect([decision.sampled, decision.pending?.atEnd({ isError: kept, durationMs: 1 }).sampled]).toEqual([
        kept,
        kept,
      ]);
    }
    expect(ends).toEqual([
      [true, true],
      [false, false],
    ]);
  });
});
