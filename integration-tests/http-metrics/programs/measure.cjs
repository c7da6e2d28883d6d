// Sets a MeterProvider, and prints its metrics.
const { metrics } = require('@opentelemetry/api');
const {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require('@opentelemetry/sdk-metrics');

exports.measure = () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  return async () => {
    await provider.forceFlush();
    const found = exporter
      .getMetrics()
      .at(-1)
      .scopeMetrics.flatMap((scope) =>
        scope.metrics.map(({ descriptor, dataPoints }) => ({
          scope: scope.scope.name,
          name: descriptor.name,
          unit: descriptor.unit,
          points: dataPoints.map(({ attributes, value }) => ({
            attributes,
            count: value.count,
            boundaries: value.buckets.boundaries,
          })),
        })),
      );
    await provider.shutdown();
    process.stdout.write(JSON.stringify(found));
  };
};
