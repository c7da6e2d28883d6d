// Policies change while express and koa services run under load: no request fails, and no decision mixes two sets.
import type { ReceivedTraces } from './received-traces.ts';
import { Load, PROGRAMS, type Served, ServiceProcess, until } from './service-process.ts';
import { type SetName, SOURCES, type Source } from './sources.ts';

type Framework = keyof typeof PROGRAMS;

const PATHS = ['/orders/', '/items/', '/fails/status/', '/fails/error/'];
const CHANGES: readonly SetName[] = ['b', 'a', 'b'];
const REQUESTS_PER_SET = 100;
/**
 * How long a change may take after the service has asked for it: much longer than it takes, for busy machines, and less
 * than the interval of 10 s at which files are read without a notification.
 */
const LIMIT_MS = 5000;

/** All spans of a request, with layers. */
const SPANS: Readonly<Record<Framework, (route: string) => string[]>> = {
  express: (route) => [
    `GET ${route}`,
    'middleware - <anonymous>',
    ...(route.startsWith('/fails/error') ? ['middleware - <anonymous>'] : []),
    'query',
    `request handler - ${route}`,
    'router - /',
    'session',
  ],
  koa: (route) => [`GET ${route}`, 'middleware - <anonymous>', 'query', `router - ${route}`, 'session'],
};

const kindOf = ({ path }: Served) => path.split('/')[1] as 'orders' | 'items' | 'fails';
const isRequestOf = (kind: string) => (served: Served) => kindOf(served) === kind;

/** A service under load whose rules change. */
class Changed {
  readonly framework: Framework;
  readonly delays: number[] = [];
  served: Served[] = [];
  stderr = '';
  readonly #source: Source;

  constructor(framework: Framework, source: Source) {
    this.framework = framework;
    this.#source = source;
  }

  /** @param change makes the change for all services together, and resolves to its time in epoch milliseconds */
  async run(change: (set: SetName) => Promise<number>): Promise<void> {
    const { flags, variables } = this.#source;
    const service = await ServiceProcess.start(PROGRAMS[this.framework], flags, {
      OTEL_SERVICE_NAME: this.framework,
      CLEW_EXPRESS_LAYERS: 'all',
      CLEW_KOA_LAYERS: 'all',
      ...variables,
    });
    await until('the first set is in force', async () => {
      const [orders, items] = await Promise.all([service.get('/orders/0'), service.get('/items/0')]);
      return orders.sampled && !items.sampled;
    });
    const load = new Load(service, PATHS);
    for (const set of CHANGES) {
      const from = load.served.length;
      await until('requests with the set before', () => load.served.length - from > REQUESTS_PER_SET);
      const changedAt = await change(set);
      const isNew = (each: Served) =>
        each.at >= changedAt && isRequestOf('orders')(each) && each.sampled === (set === 'a');
      await until(`set ${set} is in force`, () => load.served.slice(-20).some(isNew));
      const since = load.served.filter(isNew).map(({ at }) => at);
      this.delays.push(Math.min(...since) - changedAt);
    }
    const last = load.served.length;
    await until('requests with the last set', () => load.served.length - last > REQUESTS_PER_SET);
    this.served = await load.stop();
    this.stderr = service.stderr;
    expect(await service.end()).toBe(0);
  }
}

/** Calls of all services are answered together, when the last one has called. */
function together<T>(count: number, act: (argument: T) => number): (argument: T) => Promise<number> {
  let waiting: ((at: number) => void)[] = [];
  return (argument) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < count) return;
      const at = act(argument);
      for (const each of waiting) each(at);
      waiting = [];
    });
}

/** The set that decided about a request: `a` keeps orders, and errors if they are policies; `b` keeps items. */
function setOf(request: Served, traces: ReceivedTraces): SetName {
  const isKept = traces.has(request.traceId);
  return isKept === (kindOf(request) !== 'items') ? 'a' : 'b';
}

describe.each(Object.entries(SOURCES))('rules of %s', (_name, start) => {
  const services: Changed[] = [];
  let source: Source;
  let traces: ReceivedTraces;
  beforeAll(async () => {
    source = await start();
    services.push(...(['express', 'koa'] as const).map((framework) => new Changed(framework, source)));
    const change = together(services.length, (set: SetName) => {
      source.change(set);
      return Date.now();
    });
    await Promise.all(services.map((service) => service.run(change)));
    traces = await source.end();
  }, 300_000);

  describe.each(['express', 'koa'] as const)('in a running %s', (framework) => {
    const service = () => services.find((each) => each.framework === framework)!;

    test('are in force soon after the poll', () => {
      const limit = source.pollMs * 1.1 + LIMIT_MS;
      expect(service().delays.length).toBe(CHANGES.length);
      expect(service().delays.filter((delay) => delay > limit)).toEqual([]);
    });

    test('do not disturb any request', () => {
      const { served, stderr } = service();
      expect(served.length).toBeGreaterThan(REQUESTS_PER_SET * CHANGES.length);
      const failures = served.filter((each) => each.status >= 500 !== (kindOf(each) === 'fails'));
      expect(failures).toEqual([]);
      expect(new Set(served.map(({ number }) => number)).size).toBe(served.length);
      expect(stderr).toBe('');
    });

    test('decide each request by exactly one of the sets', () => {
      const decided = service().served.filter((each) => source.hasPolicies || kindOf(each) !== 'fails');
      const sets = decided.map((each) => setOf(each, traces));
      const order = sets.filter((set, index) => set !== sets[index - 1]);
      expect(order).toEqual(['a', ...CHANGES]);
      if (!source.hasPolicies) return;
      const credited = decided.map(({ traceId }) => traces.attribute(traceId, 'clew.sampling.policy'));
      const expected = decided.map((each, index) =>
        traces.has(each.traceId) ? `${sets[index]}-${kindOf(each)}` : undefined,
      );
      expect(credited).toEqual(expected);
    });

    test('keep all spans of a trace, or none', () => {
      const kept = service().served.filter(({ traceId }) => traces.has(traceId));
      expect(kept.length).toBeGreaterThan(REQUESTS_PER_SET);
      const wrong = kept.filter(({ traceId, path }) => {
        const expected = SPANS[framework](path.replace(/\d+$/, ':id')).sort();
        return traces.namesOf(traceId).join() !== expected.join();
      });
      expect(wrong.map(({ path, traceId }) => [path, traces.namesOf(traceId)])).toEqual([]);
    });

    test('are those that log lines state', () => {
      const lines = service().served.flatMap(({ log, traceId }) => {
        const line = log && JSON.parse(log);
        return log === undefined || (line.trace_id === traceId && line.sampled === traces.has(traceId))
          ? []
          : [log];
      });
      expect(lines).toEqual([]);
    });
  });
});
