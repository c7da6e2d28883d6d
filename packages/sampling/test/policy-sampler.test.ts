import * as internal from '@clew/core/internal';
import {
  type Context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { PolicyError, PolicySampler } from '../src/index.ts';
import { decide, never, unsampled } from './local-root.ts';
import { TestProvider } from './test-provider.ts';

jest.mock('@clew/core/internal', () => ({
  ...jest.requireActual('@clew/core/internal'),
  needHostAtStart: jest.fn(),
}));

const needHostAtStart = jest.mocked(internal.needHostAtStart);

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

  test("may be OpenTelemetry's, which sets the attributes and the trace state on the span", async () => {
    const exporter = new InMemorySpanExporter();
    const sampler: Sampler = new PolicySampler({
      policies: [{ id: 'all', keep: { ratio: 1 } }, never('health', { path: '/health' })],
    });
    const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
    const tracer = provider.getTracer('test');
    for (const path of ['/health', '/a']) tracer.startSpan(path, { attributes: { 'url.path': path } }).end();
    await provider.forceFlush();
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual(['/a']);
    expect(spans[0]?.attributes).toMatchObject({
      'clew.sampling.policy': 'all',
      'clew.sampling.kept': 'ratio',
    });
    expect(spans[0]?.spanContext().traceState?.serialize()).toBe('ot=th:0');
    await provider.shutdown();
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
