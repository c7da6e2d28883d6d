import { callerSpan, recordSpans, within } from '@clew/testing';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { versions } from './mongodb-versions.ts';
import { MongoServer } from './servers/mongodb-server.ts';

const recorder = recordSpans();

/** Enables the plugin with a MeterProvider. `stop` disables it, and returns what was measured by the names of metrics. */
function measure(version: (typeof versions)[number]) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  const plugin = version.instrument();
  plugin.setMeterProvider(provider);
  const stop = async () => {
    await reader.forceFlush();
    plugin.disable();
    const metrics = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: each }) => each));
    await provider.shutdown();
    return (name: string) =>
      metrics
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
  };
  return { stop };
}

test.each(versions.map((version) => [version.name, version] as const))(
  '%s: with a MeterProvider, the durations of commands and the connections of a pool are measured',
  async (_name, version) => {
    const server = await MongoServer.start();
    const metrics = measure(version);
    const client = new version.MongoClient(server.url, { maxPoolSize: 2 });
    await client.connect();
    const songs = client.db().collection('songs');
    await songs.findOne();
    server.fail('find', 50, 'MaxTimeMSExpired', 'operation exceeded time limit');
    await expect(songs.findOne()).rejects.toThrow('time limit');
    const pointsOf = await metrics.stop();
    await client.close();

    const pool = { 'db.client.connection.pool.name': `localhost:${server.port}` };
    expect(pointsOf('db.client.connection.max')).toEqual([{ attributes: pool, value: 2 }]);
    expect(pointsOf('db.client.connection.count')).toContainEqual({
      attributes: { ...pool, 'db.client.connection.state': 'idle' },
      value: 1,
    });
    const errors = pointsOf('db.client.operation.duration').map(({ attributes }) => attributes['error.type']);
    expect(errors.map(String).sort()).toEqual(['MaxTimeMSExpired', 'undefined']);
    expect(pointsOf('db.client.connection.wait_time')).toHaveLength(1);
    await server.stop();
    recorder.reset();
  },
);

test.each(versions.map((version) => [version.name, version] as const))(
  '%s: an unsampled write error is measured like a sampled one, and no time-out of a pool is counted without a server',
  async (_name, version) => {
    const server = await MongoServer.start();
    const metrics = measure(version);
    const { url } = server;
    const client = new version.MongoClient(url, { retryWrites: false });
    const songs = client.db().collection<{ _id: string }>('songs');
    await songs.insertOne({ _id: 'one' });
    await expect(songs.insertOne({ _id: 'one' })).rejects.toThrow('E11000');
    recorder.sampling = 'none';
    await within(callerSpan(), () => expect(songs.insertOne({ _id: 'one' })).rejects.toThrow('E11000'));
    recorder.sampling = 'all';
    await client.close();
    await server.stop();
    const offline = new version.MongoClient(url, { serverSelectionTimeoutMS: 30 });
    await expect(offline.connect()).rejects.toMatchObject({ name: 'MongoServerSelectionError' });
    await offline.close();
    const pointsOf = await metrics.stop();

    const failed = pointsOf('db.client.operation.duration').filter(
      ({ attributes }) => attributes['error.type'] !== undefined,
    );
    expect(failed).toMatchObject([
      {
        attributes: { 'error.type': 'DuplicateKey', 'db.response.status_code': '11000' },
        value: { count: 2 },
      },
    ]);
    expect(pointsOf('db.client.connection.timeouts')).toEqual([]);
    recorder.reset();
  },
);
