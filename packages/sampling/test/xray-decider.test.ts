import type { Attributes } from '@opentelemetry/api';
import { xrayRule } from '../../../integration-tests/sampling/servers/xray-server.ts';
import type { Facts } from '../src/decider.ts';
import { XRayDecider } from '../src/providers/xray-decider.ts';
import { readXRayRules } from '../src/providers/xray-rules.ts';
import { contextWithParent, facts, TestClock } from './facts.ts';

const clock = new TestClock();
const definitions = (...rules: object[]) =>
  readXRayRules(JSON.stringify({ SamplingRuleRecords: rules.map((SamplingRule) => ({ SamplingRule })) }))
    .rules;
const create = (rules: object[], resource: Attributes = {}, previous?: XRayDecider) =>
  new XRayDecider(definitions(...rules), resource, previous, clock.now);
/** How many of so many requests are kept, whose random values are `random`. */
const kept = (decider: XRayDecider, count: number, random = 0) =>
  Array.from({ length: count }).filter(() => decider.decide(facts({ random }))?.sampled).length;
const policyOf = (decider: XRayDecider, request: Facts) =>
  decider.decide(request)?.attributes?.['clew.sampling.policy'];

describe('the rules of X-Ray', () => {
  test('are tried by priority, then by name', () => {
    const keeps = { FixedRate: 1 };
    const decider = create([
      xrayRule('b', { ...keeps, Priority: 2 }),
      xrayRule('Default', { Priority: 10_000 }),
      xrayRule('a', { ...keeps, Priority: 2 }),
      xrayRule('orders', { ...keeps, Priority: 1, URLPath: '/orders/*' }),
    ]);
    expect(policyOf(decider, facts({ attributes: { 'url.path': '/orders/1' } }))).toBe('orders');
    expect(policyOf(decider, facts({ attributes: { 'url.path': '/' } }))).toBe('a');
  });

  const request: Attributes = {
    'http.request.method': 'POST',
    'url.path': '/Orders/17/items',
    'server.address': 'shop.example.com',
    tenant: 'gold',
    retries: 3,
  };
  const matching: [title: string, rule: object, matches: boolean][] = [
    ['a path without regard to case', { URLPath: '/orders/??/*' }, true],
    ['another path', { URLPath: '/orders/?/*' }, false],
    ['a method', { HTTPMethod: 'po*' }, true],
    ['another method', { HTTPMethod: 'GET' }, false],
    ['a host', { Host: '*.EXAMPLE.com' }, true],
    ['another host', { Host: '*.example.org' }, false],
    ['an attribute', { Attributes: { tenant: 'G*', retries: '3' } }, true],
    ['another value of an attribute', { Attributes: { tenant: 'silver' } }, false],
    ['any value of an attribute that is missing', { Attributes: { user: '*' } }, false],
    ['a service', { ServiceName: 'SHOP', ServiceType: 'AWS::ECS::*' }, true],
    ['another service', { ServiceName: 'billing' }, false],
    ['another type of service', { ServiceType: 'AWS::Lambda::Function' }, false],
    ['a resource', { ResourceARN: 'arn:aws:ecs:*' }, true],
    ['another resource', { ResourceARN: 'arn:aws:eks:*' }, false],
  ];

  test.each(matching)('with %s match: %j, %s', (_title, rule, matches) => {
    const resource = {
      'service.name': 'shop',
      'cloud.platform': 'aws_ecs',
      'aws.ecs.container.arn': 'arn:aws:ecs:eu-west-1:1:container/x',
    };
    const decider = create(
      [xrayRule('rule', { FixedRate: 1, Priority: 1, ...rule }), xrayRule('Default', { FixedRate: 1 })],
      resource,
    );
    expect(policyOf(decider, facts({ attributes: request }))).toBe(matches ? 'rule' : 'Default');
  });

  test.each([
    [{ 'http.target': '/a?b=1' }, '/a'],
    [{ 'url.full': 'http://x/a?b#c' }, '/a'],
    [{ 'url.full': 'http://x' }, '/'],
  ])('find the path in %j', (attributes, path) => {
    const decider = create([xrayRule('path', { FixedRate: 1, Priority: 1, URLPath: path })]);
    expect(policyOf(decider, facts({ attributes }))).toBe('path');
  });

  test('with a hostile pattern match in linear time', () => {
    const decider = create([
      xrayRule('Slow', { URLPath: '*a*a*a*a*a*a*a*a*a*a*a*a*b' }),
      xrayRule('Default'),
    ]);
    const path = 'a'.repeat(50_000);
    // The least of several times: a busy machine may stop the process in one of them.
    const times = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      decider.decide(facts({ attributes: { 'url.path': path } }));
      return performance.now() - startedAt;
    });
    expect(Math.min(...times)).toBeLessThan(500);
  });

  test.each([
    ['no list', {}],
    ['no name', { SamplingRuleRecords: [{ SamplingRule: { Priority: 1 } }] }],
    ['a rate above 1', { SamplingRuleRecords: [{ SamplingRule: xrayRule('x', { FixedRate: 2 }) }] }],
    [
      'a long pattern',
      { SamplingRuleRecords: [{ SamplingRule: xrayRule('x', { Host: '?'.repeat(1025) }) }] },
    ],
    [
      'a pattern that is not a string',
      { SamplingRuleRecords: [{ SamplingRule: xrayRule('x', { Host: 7 }) }] },
    ],
  ])('are refused with %s', (_title, response) => {
    expect(() => readXRayRules(JSON.stringify(response))).toThrow(TypeError);
  });

  test('of an unknown version are left out', () => {
    expect(definitions(xrayRule('x', { Version: 2 }), xrayRule('Default'))).toHaveLength(1);
  });
});

describe('a rule of X-Ray', () => {
  test('borrows one trace a second until it has a quota, and then keeps its fixed rate', () => {
    const decider = create([xrayRule('Default', { ReservoirSize: 10, FixedRate: 0.1 })]);
    const [rule] = decider.rules;
    expect(decider.decide(facts({ random: 0 }))).toEqual({
      sampled: true,
      threshold: undefined,
      attributes: { 'clew.sampling.policy': 'Default', 'clew.sampling.kept': 'rate' },
    });
    expect(kept(decider, 5)).toBe(0);
    expect(decider.decide(facts({ random: 0.95 }))).toEqual({
      sampled: true,
      threshold: expect.objectContaining({ text: 'e6666666666666' }),
      attributes: { 'clew.sampling.policy': 'Default', 'clew.sampling.kept': 'ratio' },
    });
    expect(rule!.statistics.take()).toMatchObject({ requests: 7, sampled: 2, borrowed: 1 });
  });

  test('uses its quota until it ends, and borrows again after that', () => {
    const decider = create([xrayRule('Default', { ReservoirSize: 10 })]);
    const [rule] = decider.rules;
    const quota = { tracesPerSecond: 3, expiresAt: clock.ms + 5000 };
    rule!.assign({ fixedRate: 0, quota, boost: undefined });
    expect(kept(decider, 10)).toBe(3);
    expect(rule!.statistics.borrowed).toBe(0);
    clock.ms += 6000;
    expect(kept(decider, 10)).toBe(1);
    expect(rule!.statistics.borrowed).toBe(1);
    rule!.assign({
      fixedRate: 0,
      quota: { tracesPerSecond: 0, expiresAt: clock.ms + 60_000 },
      boost: undefined,
    });
    clock.ms += 5000;
    expect(kept(decider, 10)).toBe(0);
  });

  test('has no reservoir with the size 0', () => {
    const decider = create([xrayRule('Default', { ReservoirSize: 0 })]);
    expect(kept(decider, 10)).toBe(0);
  });

  test('keeps the boosted rate until the boost ends, and never a lower one', () => {
    const decider = create([xrayRule('Default', { FixedRate: 0.1, SamplingRateBoost: { MaxRate: 1 } })]);
    const boost = (rate: number) =>
      decider.rules[0]!.assign({
        fixedRate: 0.1,
        quota: undefined,
        boost: { rate, expiresAt: clock.ms + 1000 },
      });
    boost(0.5);
    expect(kept(decider, 1, 0.6)).toBe(1);
    clock.ms += 1000;
    expect(kept(decider, 1, 0.6)).toBe(0);
    boost(0.01);
    expect(kept(decider, 1, 0.95)).toBe(1);
  });

  test('counts how traces end if it has a boost', () => {
    const boosted = create([xrayRule('Default', { SamplingRateBoost: { MaxRate: 1 } })]);
    const { ended } = boosted.late(facts()) ?? {};
    ended?.(true, true);
    ended?.(true, false);
    ended?.(false, false);
    expect(boosted.rules[0]!.statistics.take()).toMatchObject({ ended: 3, failed: 2, failedSampled: 1 });
    expect(create([xrayRule('Default')]).late(facts())).toBeUndefined();
  });

  test('keeps its counts and quota in an update, but no quota if it has changed', () => {
    const first = create([xrayRule('Default', { ReservoirSize: 5 })]);
    const quota = { tracesPerSecond: 2, expiresAt: clock.ms + 60_000 };
    first.rules[0]!.assign({ fixedRate: 0, quota, boost: undefined });
    expect(kept(first, 1)).toBe(1);
    const same = create([xrayRule('Default', { ReservoirSize: 5 }), xrayRule('new')], {}, first);
    expect(same.rules.find(({ definition }) => definition.name === 'Default')).toBe(first.rules[0]);
    const changed = create([xrayRule('Default', { ReservoirSize: 5, FixedRate: 0.5 })], {}, same);
    expect(changed.rules[0]!.statistics.requests).toBe(1);
    expect(kept(changed, 10)).toBe(1);
    expect(changed.rules[0]!.statistics.borrowed).toBe(1);
  });

  test('decides no trace with a parent', () => {
    const decider = create([xrayRule('Default', { FixedRate: 1 })]);
    expect(decider.decide(facts({ origin: 'remote-sampled', context: contextWithParent }))).toBeUndefined();
    expect(decider.rules[0]!.statistics.requests).toBe(0);
  });
});

describe('the fallback', () => {
  test('keeps one trace a second and 5 % without rules', () => {
    const decider = create([]);
    expect(kept(decider, 10)).toBe(1);
    expect(kept(decider, 1, 0.951)).toBe(1);
    expect(kept(decider, 1, 0.94)).toBe(0);
  });

  test('decides when no rule matches, and an hour after the rules were confirmed', () => {
    const decider = create([xrayRule('orders', { FixedRate: 1, URLPath: '/orders' })]);
    const orders = facts({ attributes: { 'url.path': '/orders' } });
    expect(policyOf(decider, facts())).toBe('fallback');
    expect(policyOf(decider, orders)).toBe('orders');
    clock.ms += 3_000_000;
    decider.confirm();
    clock.ms += 3_000_000;
    expect(policyOf(decider, orders)).toBe('orders');
    clock.ms += 3_000_000;
    expect(policyOf(decider, orders)).toBe('fallback');
  });
});
