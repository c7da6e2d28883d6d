// A preload that starts OpenTelemetry's SDK or Clew's tracer, with plugins of both vendors.
// SETUP: {"tracer":"clew"|"opentelemetry","plugins":{"http":"clew"|"opentelemetry",…}}
import { createRequire, register } from 'node:module';
import { TracerProvider as ClewTracerProvider } from '@clew/tracer';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const { tracer, plugins } = JSON.parse(process.env.SETUP);
const attributes = { 'service.name': process.env.OTEL_SERVICE_NAME };
const url = `${process.env.OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`;

// OpenTelemetry's hook for ES modules. Node.js 26 deprecates how it is registered, which is not under test.
// With the flag --no-deprecation, the property is read-only.
const { noDeprecation = false } = process;
if (!noDeprecation) process.noDeprecation = true;
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
if (!noDeprecation) process.noDeprecation = false;

const provider =
  tracer === 'clew'
    ? new ClewTracerProvider({ resource: attributes, exporter: { url } })
    : new TracerProvider({
        resource: defaultResource().merge(resourceFromAttributes(attributes)),
        spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
      });
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
propagation.setGlobalPropagator(
  new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
);
trace.setGlobalTracerProvider(provider);

const require = createRequire(import.meta.url);
registerInstrumentations({
  instrumentations: Object.entries(plugins).map(([name, vendor]) => {
    const exported = require(`@${vendor}/instrumentation-${name}`);
    const className = Object.keys(exported).find((each) => each.endsWith('Instrumentation'));
    return new exported[className]();
  }),
});

process.once('beforeExit', () => provider.shutdown());
