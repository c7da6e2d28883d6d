import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { tracePostgres } from './postgres-traced.ts';

const { recorder, pool, plugin, url } = tracePostgres();

test('with a MeterProvider, the durations of queries and the connections of a pool are measured', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  plugin().setMeterProvider(provider);

  const two = pool({ max: 2 });
  const [held] = await Promise.all([two.connect(), two.query('SELECT 1')]);
  await expect(held.query('SELECT * FROM missing')).rejects.toThrow('missing');
  plugin().disable();
  plugin().enable();
  await two.query('SELECT 2');
  await reader.forceFlush();
  held.release();

  const { hostname, port, pathname } = new URL(url());
  const pointsOf = (name: string) => {
    const all = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    const points = all
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(
        ({ dataPoints }) => dataPoints as readonly { attributes: Record<string, unknown>; value: unknown }[],
      );
    return points.map(({ attributes, value }) => ({ attributes, value }));
  };
  const name = { 'db.client.connection.pool.name': `${hostname}:${port}${pathname}` };
  expect(pointsOf('db.client.connection.count')).toEqual([
    { attributes: { ...name, 'db.client.connection.state': 'idle' }, value: 1 },
    { attributes: { ...name, 'db.client.connection.state': 'used' }, value: 1 },
  ]);
  expect(pointsOf('db.client.connection.max')).toEqual([{ attributes: name, value: 2 }]);
  const codes = pointsOf('db.client.operation.duration').map(
    ({ attributes }) => attributes['db.response.status_code'],
  );
  expect(codes.sort()).toEqual(['42P01', undefined]);
  expect(pointsOf('db.client.connection.wait_time')).toHaveLength(1);
  await provider.shutdown();
  recorder.reset();
});

test('the connections of a pool are measured from the next request on if the MeterProvider is set later', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  const three = pool({ max: 3 });
  await three.query('SELECT 1');
  plugin().setMeterProvider(provider);
  await three.query('SELECT 2');
  await reader.forceFlush();
  const metrics = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((each) => each.metrics));
  const max = metrics.find(({ descriptor }) => descriptor.name === 'db.client.connection.max');
  expect(max?.dataPoints.map(({ value }) => value)).toEqual([3]);
  await provider.shutdown();
  recorder.reset();
});
