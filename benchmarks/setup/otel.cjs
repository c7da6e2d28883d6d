// OpenTelemetry as in its documentation, with the plugins of the measured programs only. The queue holds all spans
// of a run, so that the export is measured, too; the default of 2048 drops spans under load.
const { context, propagation, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} = require('@opentelemetry/core');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { AmqplibInstrumentation } = require('@opentelemetry/instrumentation-amqplib');
const { AwsInstrumentation } = require('@opentelemetry/instrumentation-aws-sdk');
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');
const { GrpcInstrumentation } = require('@opentelemetry/instrumentation-grpc');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { KnexInstrumentation } = require('@opentelemetry/instrumentation-knex');
const { IORedisInstrumentation } = require('@opentelemetry/instrumentation-ioredis');
const { KoaInstrumentation } = require('@opentelemetry/instrumentation-koa');
const { MongoDBInstrumentation } = require('@opentelemetry/instrumentation-mongodb');
const { MySQL2Instrumentation } = require('@opentelemetry/instrumentation-mysql2');
const { OpenAIInstrumentation } = require('@opentelemetry/instrumentation-openai');
const { PgInstrumentation } = require('@opentelemetry/instrumentation-pg');
const { RedisInstrumentation } = require('@opentelemetry/instrumentation-redis');
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici');
const { defaultResource, resourceFromAttributes } = require('@opentelemetry/resources');
const sdk = require('@opentelemetry/sdk-trace');

const { OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_BSP_SCHEDULE_DELAY } = process.env;
const root = OTEL_TRACES_SAMPLER === 'always_off' ? new sdk.AlwaysOffSampler() : new sdk.AlwaysOnSampler();
const batches = new sdk.BatchSpanProcessor({
  exporter: new OTLPTraceExporter(),
  maxQueueSize: 2 ** 21,
  scheduledDelayMillis: Number(OTEL_BSP_SCHEDULE_DELAY ?? 5000),
});

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
trace.setGlobalTracerProvider(
  new sdk.TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': OTEL_SERVICE_NAME ?? 'bench' }),
    ),
    sampler: new sdk.ParentBasedSampler({ root }),
    spanProcessors: [batches],
  }),
);
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation(),
    new AmqplibInstrumentation(),
    new AwsInstrumentation(),
    new ExpressInstrumentation(),
    new GrpcInstrumentation(),
    new KoaInstrumentation(),
    new KnexInstrumentation(),
    // By default, these two have no spans outside of a span, where the benchmark's commands are.
    new MongoDBInstrumentation({ requireParentSpan: false }),
    new IORedisInstrumentation({ requireParentSpan: false }),
    new MySQL2Instrumentation(),
    new OpenAIInstrumentation(),
    new PgInstrumentation(),
    new RedisInstrumentation(),
    new UndiciInstrumentation(),
  ],
});
