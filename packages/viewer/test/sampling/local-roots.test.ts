import { localRoots } from '../../src/sampling/local-roots.ts';
import { PolicyCounts } from '../../src/sampling/policy-matches.ts';
import { type SpanSketch, sketch } from '../sample-trace.ts';

const roots = (spans: readonly SpanSketch[], traceId?: string) => localRoots(sketch(spans, traceId).spans);

describe('local roots', () => {
  test('are the spans without a parent in the same process', () => {
    const found = roots([
      { id: '1', name: 'root' },
      { id: '2', parent: '1', name: 'child' },
      { id: '3', parent: '2', name: 'remote child', service: 'stock' },
      { id: '4', parent: 'ff', name: 'its parent is not stored' },
      // Both sides of a call have one id in traces of Zipkin's tracers.
      { id: '2', parent: '1', name: 'shared', service: 'mail', kind: 'SERVER' },
      { id: '5', parent: '2', name: 'below', service: 'mail' },
    ]);
    expect(found.map(({ facts }) => facts.name).sort()).toEqual([
      'its parent is not stored',
      'remote child',
      'root',
      'shared',
    ]);
  });

  test('have the facts that a sampler would have known', () => {
    const attributes = { 'http.request.method': 'GET', 'http.route': '/orders/:id', 'url.path': '/orders/1' };
    const [root] = roots([
      { id: '1', name: 'GET /orders/:id', kind: 'SERVER', ms: 12.5, error: 'x', attributes },
    ]);
    expect(root).toMatchObject({
      facts: { name: 'GET', kind: 1, route: '/orders/:id', routeIsFinal: true, origin: 'root', attributes },
      resource: { 'service.name': 'shop' },
      durationMs: 12.5,
      isError: true,
      isRequested: false,
    });
  });

  test('keep the name of a span that is not of an HTTP server', () => {
    const [root] = roots([{ id: '1', name: 'orders process', kind: 'CONSUMER' }]);
    expect(root?.facts).toMatchObject({ name: 'orders process', kind: 4, route: undefined });
  });

  test.each([
    [{ id: '1', parent: 'ff', name: 'GET' }, 'remote-sampled', false],
    [{ id: '1', name: 'GET', attributes: { 'clew.sampling.kept': 'requested' } }, 'signed', true],
  ] as const)('have an origin: %j', (span, origin, isRequested) => {
    expect(roots([span])).toMatchObject([{ facts: { origin }, isRequested }]);
  });

  test('have the random bits of the trace id, or of the trace state', () => {
    const traceId = `${'0'.repeat(18)}abcdef12345678`;
    expect(roots([{ id: '1', name: 'GET' }], traceId)[0]?.facts).toMatchObject({
      randomHigh: 0xabcdef,
      randomLow: 0x12345678,
    });
    for (const traceState of ['ot=rv:00000100000002', 'a=b, ot=th:8;rv:00000100000002;x:y,c=d']) {
      const [span] = sketch([{ id: '1', name: 'GET' }], traceId).spans;
      expect(localRoots([{ ...span!, traceState }])[0]?.facts).toMatchObject({ randomHigh: 1, randomLow: 2 });
    }
  });
});

test('at most 1000 policies are counted', () => {
  const counts = new PolicyCounts();
  const spans = Array.from({ length: 1010 }, (_, index) => ({
    id: index.toString(16),
    name: 'GET',
    attributes: { 'clew.sampling.policy': `p${index}`, 'clew.sampling.kept': 'ratio' },
  }));
  counts.add(sketch(spans).spans);
  counts.add(sketch([{ id: '1', name: 'GET', attributes: { 'clew.sampling.policy': 5 } }]).spans);
  const { policies, ignored } = counts.toJSON();
  expect([Object.keys(policies).length, ignored]).toEqual([1000, 11]);
});

test('a policy with the name of a property of objects is counted', () => {
  const counts = new PolicyCounts();
  const attributes = { 'clew.sampling.policy': '__proto__', 'clew.sampling.kept': 'constructor' };
  counts.add(sketch([{ id: '1', name: 'GET', attributes }]).spans);
  expect(JSON.stringify(counts)).toBe(
    '{"policies":{"__proto__":{"kept":1,"reasons":{"other":1}}},"requested":0,"ignored":0}',
  );
});
