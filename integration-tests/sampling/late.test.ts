// Late decisions in running services: at the route and at the end of a request, alike in all frameworks.
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';

interface Result {
  readonly status: number;
  readonly routes: readonly string[];
  /** A text and the sampled flag of the trace at that time. */
  readonly logs: readonly string[];
  /** Name and `clew.sampling.kept` of each exported span. */
  readonly spans: readonly (readonly [string, string])[];
}

interface Printed {
  readonly results: Readonly<Record<string, Result>>;
  readonly late: Readonly<Record<string, number>>;
}

const FRAMEWORKS = [
  ['express', true, '/orders/:id'],
  ['koa', true, '/orders/:id'],
  ['fastify', false, '/orders/:id'],
  ['hapi', false, '/orders/{id}'],
] as const;

describe.each(FRAMEWORKS)('requests of %s', (framework, hasMiddleware, ordersRoute) => {
  let printed: Printed;
  beforeAll(async () => {
    const { code, stdout, stderr } = await runProgram([join(__dirname, 'programs', 'late.mjs'), framework]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    printed = JSON.parse(stdout) as Printed;
  });
  const result = (path: string) => printed.results[path] as Result;
  const middleware = hasMiddleware ? ['middleware 0'] : [];

  test('a route that a policy keeps: spans from before the route are sent, and log lines have the flag afterwards', () => {
    const { status, routes, logs, spans } = result('/orders/7');
    expect({ status, routes, logs }).toEqual({
      status: 200,
      routes: [ordersRoute],
      logs: [...middleware, 'order 1'],
    });
    const names = spans.map(([name]) => name);
    expect(spans.at(-1)).toEqual([`GET ${ordersRoute}`, 'always']);
    expect(names).toContain('query');
    if (hasMiddleware) expect(names.indexOf('session')).toBe(0);
  });

  test.each([
    ['/health', 200, ['/health']],
    ['/fine', 200, ['/fine']],
    ['/missing', 404, []],
  ])('%s is not kept, and its log lines do not have the flag', (path, status, routes) => {
    const logs = path === '/missing' ? middleware : [...middleware, 'order 0'];
    expect(result(path)).toEqual({ status, routes, logs, spans: [] });
  });

  test('a request that fails is kept at its end, with its children', () => {
    const { status, routes, spans } = result('/fails');
    expect({ status, routes }).toEqual({ status: 500, routes: ['/fails'] });
    expect(spans.at(-1)).toEqual(['GET /fails', 'error']);
    if (hasMiddleware) expect(spans[0]).toEqual(['session', '-']);
  });

  test('nothing is left pending', () => {
    expect(printed.late).toEqual({
      pending: 0,
      spans: 0,
      bytes: 0,
      keptAtRoute: 1,
      keptAtEnd: 1,
      forgotten: 3,
      incomplete: 0,
    });
  });
});
