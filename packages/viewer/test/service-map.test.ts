import { ServiceStatistics } from '../src/service-map.ts';
import { ORDER, sketch } from './sample-trace.ts';

test('a map has the services, databases and queues with the calls between them', () => {
  const statistics = new ServiceStatistics();
  for (let index = 0; index < 3; index++) statistics.add(ORDER.spans);
  const map = statistics.map();
  expect(map).toMatchObject({ traces: 3, seconds: expect.closeTo(0.0842, 6) });
  const edges = map.edges.map(({ from, to, calls, errors }) => [from, to, calls, errors]);
  expect(edges).toEqual(
    expect.arrayContaining([
      ['gateway', 'orders', 3, 0],
      ['orders', 'mailer', 3, 0],
      ['orders', 'payments', 3, 3],
    ]),
  );
  expect(map.nodes.find(({ name }) => name === 'payments')).toMatchObject({
    type: 'service',
    calls: 3,
    errors: 3,
    p50Ms: 48.8,
    p99Ms: 48.8,
  });
});

test('what sends no spans is a node by its attributes', () => {
  const statistics = new ServiceStatistics();
  const called = (id: string, kind: 'CLIENT' | 'PRODUCER', attributes: Record<string, string>) =>
    ({ id, parent: '1', name: 'call', kind, attributes }) as const;
  statistics.add(
    sketch([
      { id: '1', name: 'GET /', kind: 'SERVER' },
      called('2', 'CLIENT', { 'db.system.name': 'postgresql', 'db.namespace': 'shop' }),
      called('3', 'PRODUCER', { 'messaging.system': 'rabbitmq' }),
      called('4', 'CLIENT', { 'server.address': 'api.example.com' }),
      called('5', 'CLIENT', {}),
    ]).spans,
  );
  expect(statistics.map().nodes.map(({ name, type, calls }) => [name, type, calls])).toEqual([
    ['shop', 'service', 1],
    ['postgresql shop', 'database', 1],
    ['rabbitmq', 'queue', 1],
    ['api.example.com', 'external', 1],
  ]);
});

test('statistics of operations count spans of the same service, kind and name', () => {
  const statistics = new ServiceStatistics();
  for (let ms = 1; ms <= 100; ms++)
    statistics.add(
      sketch([{ id: '1', name: 'GET /', kind: 'SERVER', ms, ...(ms > 90 && { error: 'x' }) }]).spans,
    );
  expect(statistics.operations()).toEqual([
    { service: 'shop', kind: 'SERVER', name: 'GET /', calls: 100, errors: 10, p50Ms: 50, p99Ms: 99 },
  ]);
});

describe('of many names', () => {
  /** Traces with one call of a service of its own each, and of `shop` as often as all others together. */
  function manyServices(count: number): ServiceStatistics {
    const statistics = new ServiceStatistics();
    for (let index = 0; index < count; index++) {
      statistics.add(
        sketch([
          { id: '1', name: `GET /${index}`, kind: 'SERVER', service: `service ${index}` },
          { id: '2', parent: '1', name: 'call', kind: 'CLIENT', service: `service ${index}` },
          { id: '3', parent: '2', name: 'GET /shop', kind: 'SERVER', service: 'shop' },
        ]).spans,
      );
    }
    return statistics;
  }

  test.each([
    [99, 100, 0],
    [100, 100, 1],
    [5000, 100, 4901],
  ])(
    'with %i services and one that all call, a map has %i, and the number of the others',
    (count, kept, omitted) => {
      const { nodes, omittedNodes, edges } = manyServices(count).map();
      expect([nodes.length, omittedNodes]).toEqual([kept, omitted]);
      expect(nodes.find(({ name }) => name === 'shop')?.calls).toBe(count);
      const names = new Set(nodes.map(({ name }) => name));
      expect(edges.filter(({ from, to }) => !names.has(from) || !names.has(to))).toEqual([]);
      expect(edges.length).toBeGreaterThanOrEqual(10);
    },
  );

  test('the 1,000 operations with the most calls are kept', () => {
    const statistics = new ServiceStatistics();
    const spans = Array.from({ length: 2000 }, (_, index) => ({ id: `${index + 1}`, name: `step ${index}` }));
    for (let part = 0; part < 10; part++)
      statistics.add(sketch(spans.map((span) => ({ ...span, name: `${part} ${span.name}` }))).spans);
    const often = Array.from({ length: 3 }, (_, index) => ({ id: `${index + 1}`, name: 'often' }));
    statistics.add(sketch(often).spans);
    const operations = statistics.operations();
    expect([operations.length, operations[0]]).toEqual([
      1000,
      expect.objectContaining({ name: 'often', calls: 3 }),
    ]);
  });

  test('names of services, systems and operations have at most 256 characters', () => {
    const statistics = new ServiceStatistics();
    const long = 'x'.repeat(100_000);
    const attributes = { 'db.system.name': long, 'db.namespace': long };
    statistics.add(sketch([{ id: '1', name: long, service: long, kind: 'CLIENT', attributes }]).spans);
    const short = `${'x'.repeat(255)}…`;
    expect(statistics.operations()).toMatchObject([{ service: short, name: short }]);
    const { nodes, edges } = statistics.map();
    expect(nodes.map(({ name }) => name)).toEqual([short]);
    expect(edges).toMatchObject([{ from: short, to: short }]);
  });
});
