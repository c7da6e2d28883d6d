import { createRequire } from 'node:module';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AmqplibInstrumentation } from '@opentelemetry/instrumentation-amqplib';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

/** OpenTelemetry for a case: the tracer alone, or with the plugin. Batches are sent when they are full, or by `flush`. */
export function openTelemetry(part, { url, sampled }) {
  const exporter = new OTLPTraceExporter({ url });
  const batches = new BatchSpanProcessor({
    exporter,
    maxQueueSize: 2 ** 21,
    scheduledDelayMillis: 600_000,
  });
  const root = sampled ? new AlwaysOnSampler() : new AlwaysOffSampler();
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'bench' })),
    sampler: part === 'tracer' && !sampled ? root : new ParentBasedSampler({ root }),
    spanProcessors: [batches],
  });
  // The processor does not await a batch that was already in flight; the exporter does.
  const flush = async () => {
    await batches.forceFlush();
    await exporter.forceFlush();
  };
  if (part === 'tracer') return { provider, flush };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  trace.setGlobalTracerProvider(provider);
  if (part === 'http') {
    new HttpInstrumentation();
    // The plugin sees modules that are required, not those that are imported.
    createRequire(import.meta.url)('node:http');
  }
  const patch = (channels) => new AmqplibInstrumentation().patchChannelModel(channels);
  return { patch, flush };
}
