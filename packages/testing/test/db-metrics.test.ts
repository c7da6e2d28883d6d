// The metrics that the template for databases records.
import { rootContext } from '@clew/core';
import { db, defineInstrumentation, type Tools } from '@clew/core/plugin';
import { context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { recordSpans } from '../src/index.ts';
import { suiteTools } from '../src/suite-tools.ts';

const recorder = recordSpans();
const OPTIONS = { maxQueryLength: 1022, requireParentSpan: false, ignore: [], recordParameters: [] };
const database = { system: 'postgresql', namespace: 'shop', address: 'db.internal', port: 5432 };
const toolsWith = (options: object = {}, rest: object = {}) =>
  ({ ...suiteTools({ ...OPTIONS, ...options }), ...rest }) as Tools<typeof OPTIONS>;
const query = (tools = toolsWith(), rest: object = {}) =>
  db.startQuery(tools, () => ({ database, sql: 'SELECT id FROM songs WHERE id = $1', ...rest }));

const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const provider = new MeterProvider({ readers: [reader] });
const meter = provider.getMeter('test');
afterAll(() => provider.shutdown());

const collect = async () => {
  await provider.forceFlush();
  const [batch] = exporter.getMetrics();
  exporter.reset();
  const found = batch?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return Object.fromEntries(
    found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as DataPoint<unknown>[]]),
  );
};

test('metrics are recorded for each query once, with its error, even if it is not sampled', async () => {
  const tools = toolsWith({}, { meter });
  const outer = query(tools);
  outer?.run(() => query(tools)?.end());
  outer?.end();
  await recorder.take(1);
  recorder.sampling = 'none';
  const parent = trace.getTracer('test').startSpan('request');
  context.with(trace.setSpan(rootContext, parent), () => {
    const failed = query(tools);
    failed?.fail(Object.assign(new Error('no'), { code: '42P01' }));
    failed?.end();
  });
  expect(recorder.wastedCalls).toBe(0);
  const { 'db.client.operation.duration': points } = await collect();
  const common = {
    'db.system.name': 'postgresql',
    'db.namespace': 'shop',
    'server.address': 'db.internal',
    'server.port': 5432,
    'db.operation.name': 'SELECT',
    'db.collection.name': 'songs',
    'db.query.summary': 'SELECT songs',
  };
  expect(points?.map(({ attributes }) => attributes)).toEqual([
    common,
    { ...common, 'error.type': '42P01', 'db.response.status_code': '42P01' },
  ]);
  for (const { value } of points ?? []) expect(value).toMatchObject({ count: 1 });
});

test('they have the error in a successful reply of a query that is not sampled', async () => {
  const tools = toolsWith({}, { meter });
  const reply = async () => ({ failed: Object.assign(new Error('no'), { code: '23505' }) });
  const describeWith =
    (operation: ReturnType<typeof query>) =>
    ({ failed }: { readonly failed: Error }) =>
      operation?.fail(failed);
  recorder.sampling = 'none';
  const parent = trace.getTracer('test').startSpan('request');
  await context.with(trace.setSpan(rootContext, parent), async () => {
    const settled = query(tools);
    await settled?.settle(settled.run(reply), describeWith(settled));
    const called = query(tools);
    const describeReply = describeWith(called);
    const callback = called?.callback((_error: unknown, _reply: object) => {}, describeReply as never);
    callback?.(null, await reply());
    const outer = query(tools);
    await outer?.run(async () => {
      const joined = query(toolsWith());
      await joined?.settle(reply(), describeWith(joined));
    });
    outer?.end();
  });
  expect(recorder.wastedCalls).toBe(0);
  const { 'db.client.operation.duration': points } = await collect();
  expect(points).toHaveLength(1);
  expect(points?.[0]?.attributes).toMatchObject({
    'error.type': '23505',
    'db.response.status_code': '23505',
  });
  expect(points?.[0]?.value).toMatchObject({ count: 3 });
});

test('those of a pool appear if the MeterProvider is set later, and are added once', async () => {
  const pool = { idle: 1, used: 2 };
  const observe = (tools: Tools<typeof OPTIONS>) =>
    db.observePool(
      tools,
      pool,
      () => ({ ...database, namespace: 'later' }),
      ({ idle, used }) => ({ idle, used, pending: 0, max: 10 }),
    );
  observe(toolsWith());
  observe(toolsWith({}, { meter }));
  observe(toolsWith({}, { meter }));
  const { 'db.client.connection.max': points } = await collect();
  const own = points?.filter(({ attributes }) => JSON.stringify(attributes).includes('later'));
  expect(own?.map(({ value }) => value)).toEqual([10]);
  expect(pool.idle).toBe(1);
});

test('those of a pool are read while it exists', async () => {
  const tools = toolsWith({}, { meter });
  const pool = { idle: 1, used: 2 };
  db.observePool(
    tools,
    pool,
    () => database,
    ({ idle, used }) => ({ idle, used, pending: 3, max: 10 }),
  );
  const other = { idle: 1, used: 0 };
  db.observePool(
    tools,
    other,
    () => database,
    ({ idle, used }) => ({ idle, used, pending: 0, max: 5 }),
  );
  const wait = db.startAcquire(tools, () => database);
  wait?.acquired({});
  db.startAcquire(tools, () => database)?.fail(new Error('timeout exceeded when trying to connect'));
  const found = await collect();
  const name = { 'db.client.connection.pool.name': 'db.internal:5432/shop' };
  const valuesOf = (metric: string) =>
    found[metric]
      ?.filter(({ attributes }) => attributes['db.client.connection.pool.name'] === 'db.internal:5432/shop')
      .map(({ attributes, value }) => [attributes, value]);
  expect(valuesOf('db.client.connection.count')).toEqual([
    [{ ...name, 'db.client.connection.state': 'idle' }, 2],
    [{ ...name, 'db.client.connection.state': 'used' }, 2],
  ]);
  expect(valuesOf('db.client.connection.max')).toEqual([[name, 15]]);
  expect(valuesOf('db.client.connection.pending_requests')).toEqual([[name, 3]]);
  expect(valuesOf('db.client.connection.timeouts')).toEqual([[name, 1]]);
  expect(valuesOf('db.client.connection.wait_time')).toHaveLength(1);
  expect([pool, other]).toHaveLength(2);
  await recorder.take(1);
});

test('they need a MeterProvider, which may be set at any time: the API’s no-op provider does not count', () => {
  let tools: Tools<unknown> | undefined;
  const Plugin = defineInstrumentation({
    name: 'clew-instrumentation-metered',
    version: '1.0.0',
    options: {},
    targets: [
      {
        channel: 'metered',
        watch: (given) => {
          tools = given;
        },
      },
    ],
  });
  const plugin = new Plugin();
  expect(tools).toMatchObject({ meter: undefined });
  plugin.setMeterProvider(provider);
  expect(tools?.meter).toBe(provider.getMeter('clew-instrumentation-metered', '1.0.0'));
  plugin.disable();

  const other = new Plugin();
  expect(tools).toMatchObject({ meter: undefined });
  metrics.setGlobalMeterProvider(provider);
  expect(tools?.meter).toBe(provider.getMeter('clew-instrumentation-metered', '1.0.0'));
  metrics.disable();
  expect(tools).toMatchObject({ meter: undefined });
  other.disable();
});
