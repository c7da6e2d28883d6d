import { createPropagator, createSignature, TRACE_FORMATS, w3cTraceContext } from '@clew/core';
import * as internal from '@clew/core/internal';
import {
  type Context,
  DiagLogLevel,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import {
  type Decider,
  type Policy,
  PolicyError,
  PolicySampler,
  type Provider,
  readPolicies,
} from '../src/index.ts';
import { decide } from './local-root.ts';

jest.mock('@clew/core/internal', () => ({
  ...jest.requireActual('@clew/core/internal'),
  needHostAtStart: jest.fn(),
}));

const { emptyTraceState, withIncoming } = internal;
const needHostAtStart = jest.mocked(internal.needHostAtStart);

const never = (id: string, match = {}): Policy => ({ id, match, keep: { never: true } });
const unsampled = { parentFlags: 0 };
const sampled = { parentFlags: TraceFlags.SAMPLED };

/** The context of a request that carries a valid signature. */
function signedContext(): Context {
  const propagator = createPropagator({
    extract: [w3cTraceContext],
    inject: [w3cTraceContext],
    extractBeside: [],
    injectBeside: [],
    signature: createSignature({ keys: { k: 'a secret of enough characters' } }),
  });
  const carrier = {};
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  propagator.inject(trace.setSpan(ROOT_CONTEXT, span), carrier, defaultTextMapSetter);
  return propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
}

const debugContext = withIncoming(ROOT_CONTEXT, { links: [], samplingHint: 'force' });

/** A provider that the test controls. */
class TestProvider implements Provider {
  put: Parameters<Provider['start']>[0] = () => {};
  stopped = false;
  readonly name: string;
  readonly priority: number | undefined;

  constructor(name: string, priority?: number) {
    this.name = name;
    this.priority = priority;
  }

  start(inForce: Parameters<Provider['start']>[0]): void {
    this.put = inForce;
  }

  stats() {
    return { loads: 1, unchanged: 0, failures: {}, version: undefined };
  }

  stop(): void {
    this.stopped = true;
  }
}

describe('the precedence', () => {
  test.each([
    ['a signature', signedContext()],
    ['a debug flag', debugContext],
  ])('%s comes before policies and the caller', (_name, context) => {
    const sampler = new PolicySampler({ policies: [never('all')] });
    expect(decide(sampler, { context, ...unsampled })).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.kept': 'requested' },
    });
  });

  test('a debug flag of a caller with a span is read from the headers', () => {
    const propagator = createPropagator({
      extract: [TRACE_FORMATS.get('b3multi')!],
      inject: [],
      extractBeside: [],
      injectBeside: [],
    });
    const headers = { 'x-b3-traceid': '1'.repeat(32), 'x-b3-spanid': '2'.repeat(16), 'x-b3-flags': '1' };
    const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const parent = trace.getSpanContext(context);
    const sampler = new PolicySampler({ policies: [never('all')] });
    const decision = decide(sampler, { context, ...sampled, traceState: parent?.traceState });
    expect(decision.attributes).toEqual({ 'clew.sampling.kept': 'requested' });
    expect(decision.traceState?.serialize()).toBe('clew=d:1');
  });

  test('beyond its rate, a requested trace is decided by the next steps, and counted', () => {
    const sampler = new PolicySampler({ policies: [never('all')], requested: { tracesPerSecond: 2 } });
    const decisions = [1, 2, 3].map(() => decide(sampler, { context: debugContext }).sampled);
    expect(decisions).toEqual([true, true, false]);
    expect(sampler.stats().requested).toEqual({ kept: 2, overLimit: 1 });
  });

  test('requested traces can be switched off', () => {
    const sampler = new PolicySampler({ policies: [never('all')], requested: { enabled: false } });
    expect(decide(sampler, { context: debugContext }).sampled).toBe(false);
    expect(sampler.stats().requested).toEqual({ kept: 0, overLimit: 0 });
  });

  test('policies come before the caller', () => {
    const sampler = new PolicySampler({
      policies: [
        never('orders', { path: '/orders/*' }),
        { id: 'all', match: { path: '/a' }, keep: { always: true } },
      ],
    });
    expect(decide(sampler, sampled).sampled).toBe(false);
    expect(decide(sampler, { ...unsampled, attributes: { 'url.path': '/a' } }).sampled).toBe(true);
  });

  test('the caller comes before the default', () => {
    const sampler = new PolicySampler({ default: { never: true } });
    expect(decide(sampler, sampled)).toEqual({ sampled: true, traceState: undefined });
    expect(decide(sampler, unsampled)).toEqual({ sampled: false, traceState: undefined });
    expect(decide(new PolicySampler(), unsampled).sampled).toBe(false);
  });

  test('the caller is not followed if that is switched off', () => {
    const sampler = new PolicySampler({ followParent: false, default: { never: true } });
    expect(decide(sampler, sampled).sampled).toBe(false);
  });

  test.each([
    ['sample', true],
    ['drop', false],
  ] as const)('a caller that only sends the decision "%s" is followed', (samplingHint, kept) => {
    const sampler = new PolicySampler({ default: kept ? { never: true } : { always: true } });
    const context = withIncoming(ROOT_CONTEXT, { links: [], samplingHint });
    expect(decide(sampler, { context }).sampled).toBe(kept);
  });

  test('a caller that did not decide is not followed', () => {
    const context = withIncoming(ROOT_CONTEXT, { links: [], undecided: true });
    expect(decide(new PolicySampler(), { context, ...unsampled }).sampled).toBe(true);
  });

  test('without anything else, every trace is kept, without an attribute or a probability', () => {
    expect(decide(new PolicySampler())).toEqual({ sampled: true, traceState: undefined });
  });
});

describe('the trace state', () => {
  const quarter: Policy = { id: 'quarter', keep: { ratio: 0.75 } };

  test('gets the threshold of a ratio, beside what it had', () => {
    const sampler = new PolicySampler({ policies: [quarter] });
    const traceState = emptyTraceState.set('ot', 'rv:80000000000000;x:1').set('vendor', '1');
    expect(decide(sampler).traceState?.serialize()).toBe('ot=th:4');
    expect(decide(sampler, { traceState }).traceState?.serialize()).toBe(
      'ot=th:4;rv:80000000000000;x:1,vendor=1',
    );
  });

  test('its random value comes before the trace id', () => {
    const sampler = new PolicySampler({ policies: [quarter] });
    const withRandom = (rv: string) =>
      decide(sampler, { traceState: emptyTraceState.set('ot', `rv:${rv}`) }).sampled;
    expect(['3fffffffffffff', '40000000000000'].map(withRandom)).toEqual([false, true]);
    // Not valid: the trace id decides.
    expect(['3FFFFFFFFFFFFF', '0'].map(withRandom)).toEqual([true, true]);
  });

  test('keeps the threshold of a caller that sampled the trace', () => {
    const traceState = emptyTraceState.set('ot', 'th:c;rv:e0000000000000');
    expect(decide(new PolicySampler(), { ...sampled, traceState }).traceState).toBe(traceState);
  });

  test.each([
    ['a dropped trace', { policies: [never('all')] }, sampled],
    ['a rate', { policies: [{ id: 'a', keep: { tracesPerSecond: 1 } }] }, sampled],
    ['a caller that did not sample', {}, unsampled],
    ['a requested trace', {}, { context: debugContext }],
  ])('loses a threshold that is not valid for %s', (_name, options, changes) => {
    const traceState = emptyTraceState.set('ot', 'th:c;rv:e0000000000000');
    const decision = decide(new PolicySampler(options), { ...changes, traceState });
    expect(decision.traceState?.serialize()).toBe('ot=rv:e0000000000000');
    const only = decide(new PolicySampler(options), {
      ...changes,
      traceState: emptyTraceState.set('ot', 'th:c'),
    });
    expect(only.traceState?.serialize()).toBe('');
  });
});

describe('a late decision', () => {
  const late: Policy = { id: 'late', keep: { onError: true, slowerThanMs: 100 } };
  const sampler = new PolicySampler({ policies: [late], default: { never: true } });

  test.each([
    ['an error', { isError: true, durationMs: 1 }, 'error'],
    ['a slow trace', { isError: false, durationMs: 101 }, 'slow'],
    ['a slow error', { isError: true, durationMs: 101 }, 'error'],
  ])('keeps %s, and marks it', (_name, end, kept) => {
    const { sampled: before, pending } = decide(sampler);
    expect(before).toBe(false);
    expect(pending?.needsRoute).toBe(false);
    expect(pending?.atEnd(end)).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.policy': 'late', 'clew.sampling.kept': kept },
    });
  });

  test('drops all others', () => {
    expect(decide(sampler).pending?.atEnd({ isError: false, durationMs: 100 })).toEqual({
      sampled: false,
      traceState: undefined,
    });
  });

  test('is counted', () => {
    const { late: counts, byPolicy } = sampler.stats();
    expect(counts).toEqual({ error: 2, slow: 1 });
    expect(byPolicy.late).toEqual({ matched: 4, kept: 0, dropped: 0, keptLate: 3 });
  });

  test('is not needed for a trace that is kept at its start', () => {
    expect(decide(new PolicySampler({ policies: [late] })).pending).toBeUndefined();
  });

  test('is possible for the default', () => {
    const byDefault = new PolicySampler({ default: { ratio: 0, onError: true } });
    expect(decide(byDefault).pending?.atEnd({ isError: true, durationMs: 1 })).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.kept': 'error' },
    });
  });
});

describe('a decision at the route', () => {
  const sampler = new PolicySampler({
    policies: [
      never('items', { route: '/items/:id' }),
      { id: 'rest', match: { route: { exists: false } }, keep: { ratio: 0 } },
    ],
  });

  test('waits for the route, and is unsampled until then', () => {
    const {
      sampled: before,
      pending,
      traceState,
    } = decide(sampler, {
      ...sampled,
      traceState: emptyTraceState.set('ot', 'th:8'),
    });
    expect([before, pending?.needsRoute, traceState?.serialize()]).toEqual([false, true, '']);
  });

  test.each([
    ['/items/:id', false],
    ['/other', true],
  ])('is made for %s', (route, kept) => {
    const decision = decide(sampler).pending?.atRoute(route);
    expect(decision).toEqual({ sampled: kept, traceState: undefined });
  });

  test('is made at the end if no router matched', () => {
    const end = { isError: false, durationMs: 1 };
    expect(decide(sampler).pending?.atEnd(end).sampled).toBe(false);
    expect(sampler.stats().byPolicy.rest).toMatchObject({ matched: 1, dropped: 1 });
  });

  test('is made at the start if the route is known, or if no router can match', () => {
    const attributes = { 'http.request.method': 'GET', 'http.route': '/items/:id' };
    expect(decide(sampler, { attributes })).toEqual({ sampled: false, traceState: undefined });
    const only = new PolicySampler({ policies: [never('items', { route: '/items/:id' })] });
    expect(decide(only, { kind: SpanKind.CONSUMER }).pending).toBeUndefined();
  });

  test('keeps the threshold of the caller if the caller decides', () => {
    const traceState = emptyTraceState.set('ot', 'th:8');
    expect(decide(sampler, { ...sampled, traceState }).pending?.atRoute('/x')).toEqual({
      sampled: true,
      traceState,
    });
  });
});

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

describe('another tracer', () => {
  const traceId = `${'0'.repeat(18)}80000000000000`;
  const ask = (sampler: PolicySampler, context: Context, attributes = {}) =>
    sampler.shouldSample(context, traceId, 'GET', SpanKind.SERVER, attributes, []);
  const parent = (isRemote: boolean, traceFlags: number) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: '1'.repeat(16), traceFlags, isRemote });

  test('decides once for each local root, and local children follow', () => {
    const sampler = new PolicySampler({ policies: [never('all')] });
    expect(ask(sampler, ROOT_CONTEXT)).toEqual({ decision: 0 });
    expect(ask(sampler, parent(true, 1))).toEqual({ decision: 0 });
    expect(ask(sampler, parent(false, 1))).toEqual({ decision: 2 });
    expect(ask(sampler, parent(false, 0))).toEqual({ decision: 0 });
  });

  test('uses the random bits of the trace id', () => {
    const ratio = (value: number) => new PolicySampler({ policies: [{ id: 'a', keep: { ratio: value } }] });
    expect(ask(ratio(0.4), ROOT_CONTEXT).decision).toBe(0);
    const { decision, traceState, attributes } = ask(ratio(0.5), ROOT_CONTEXT);
    expect([decision, traceState?.serialize()]).toEqual([2, 'ot=th:8']);
    expect(attributes).toEqual({ 'clew.sampling.policy': 'a', 'clew.sampling.kept': 'ratio' });
  });

  test('can not wait: routes and late conditions are ignored, which is logged once', () => {
    const warnings: string[] = [];
    const ignore = () => {};
    const warn = (message: string) => warnings.push(message);
    diag.setLogger({ error: ignore, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
    const sampler = new PolicySampler({
      policies: [never('a', { route: { exists: false } }), { id: 'b', keep: { ratio: 0, onError: true } }],
    });
    const http = { 'http.request.method': 'GET' };
    expect([ask(sampler, ROOT_CONTEXT, http), ask(sampler, ROOT_CONTEXT, http)]).toEqual([
      { decision: 0 },
      { decision: 0 },
    ]);
    expect(sampler.stats().byPolicy.a?.matched).toBe(0);
    expect(warnings.filter((text) => text.includes("only Clew's tracer"))).toHaveLength(1);
    diag.disable();
  });
});

describe('policies on the process', () => {
  const policies = [
    never('service', { service: 'shop', path: '/a' }),
    never('resource', {
      resource: { 'deployment.environment.name': ['prod', 'test'], 'host.cpus': 4 },
      path: '/b',
    }),
    { ...never('disabled'), enabled: false },
  ];
  const resource = { 'service.name': 'shop', 'deployment.environment.name': 'prod', 'host.cpus': 8 };

  test('apply by the resource, and only if they are enabled', () => {
    const sampler = new PolicySampler({ policies, resource });
    const active = sampler.policies().policies.map(({ policy, active: is }) => [policy.id, is]);
    expect(active).toEqual([
      ['service', true],
      ['resource', false],
      ['disabled', false],
    ]);
    const paths = ['/a', '/b'].map((path) => decide(sampler, { attributes: { 'url.path': path } }).sampled);
    expect(paths).toEqual([false, true]);
  });
});

test.each([
  ['host', { host: 'shop.test' }, true],
  ['attributes', { attributes: { 'server.address': 'shop.test' } }, true],
  ['path', { path: '/a' }, false],
])('the HTTP plugin reads the host at the start only where a policy needs it: %s', (_name, match, needs) => {
  needHostAtStart.mockClear();
  new PolicySampler({ policies: [never('host', match)] });
  expect(needHostAtStart).toHaveBeenCalledTimes(needs ? 1 : 0);
  const provider = new TestProvider('late');
  new PolicySampler({ providers: [provider] });
  provider.put({ policies: [never('host', match)] }, '1');
  expect(needHostAtStart).toHaveBeenCalledTimes(needs ? 2 : 0);
});

test('baggage is matched', () => {
  const sampler = new PolicySampler({ policies: [never('tenant', { baggage: { tenant: 'acme' } })] });
  const context = propagation.setBaggage(
    ROOT_CONTEXT,
    propagation.createBaggage({ tenant: { value: 'acme' } }),
  );
  expect(decide(sampler, { context }).sampled).toBe(false);
  expect(decide(sampler).sampled).toBe(true);
});

test('a fault keeps new traces, and follows the caller', () => {
  const sampler = new PolicySampler({ policies: [never('all', { attributes: { a: 'x' } })] });
  const attributes = new Proxy(
    {},
    {
      get() {
        throw new Error('broken');
      },
    },
  );
  expect(decide(sampler, { attributes }).sampled).toBe(true);
  expect(decide(sampler, { attributes, ...unsampled }).sampled).toBe(false);
});

test('its text names the policies and providers', () => {
  const sampler = new PolicySampler({ policies: [never('a')], providers: [new TestProvider('file x')] });
  expect(String(sampler)).toBe('PolicySampler{1 policies, file x}');
});

test.each([
  [{ requested: { tracesPerSecond: -1 } }, 'expected requested.tracesPerSecond in [0, 1000000], got -1'],
  [{ requested: { enabled: 1 } }, 'expected requested.enabled true or false, got 1'],
  [
    { requested: { perSecond: 1 } },
    'expected requested to have only the keys enabled, tracesPerSecond, got "perSecond"',
  ],
  [{ followParent: 'no' }, 'expected followParent true or false, got "no"'],
  [{ default: { ratio: 2 } }, 'expected default.ratio in [0, 1], got 2'],
  [{ policies: [{ id: 'a', keep: { ratio: '2' } }] }, 'expected policies[0].keep.ratio in [0, 1], got "2"'],
  [{ providers: [{}] }, 'expected providers[0] to have a name, start(), stats() and stop(), got {}'],
  [{ rules: [] }, 'expected options to have only the keys'],
  [null, 'expected options to be an object, got null'],
])('the options %j are refused', (options, message) => {
  expect(() => new PolicySampler(options as never)).toThrow(`@clew/sampling: ${message}`);
  expect(() => new PolicySampler(options as never)).toThrow(TypeError);
  expect(new PolicyError([])).toBeInstanceOf(TypeError);
});
