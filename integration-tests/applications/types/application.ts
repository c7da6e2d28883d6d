// Code of a user, which is compiled but not run. Each `@ts-expect-error` marks a mistake that must not compile.
import { bind, type Destinations, StackContextManager, StrictContextManager, TaskCarrier } from '@clew/core';
import {
  defineInstrumentation,
  type Operation,
  option,
  type Destinations as PluginDestinations,
  startOperation,
} from '@clew/core/plugin';
import { ExpressInstrumentation } from '@clew/instrumentation-express';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { KnexInstrumentation } from '@clew/instrumentation-knex';
import { KoaInstrumentation } from '@clew/instrumentation-koa';
import { UndiciInstrumentation } from '@clew/instrumentation-undici';
import { init } from '@clew/node';
import { parentBased, TracerProvider, traceIdRatioBased } from '@clew/tracer';
import { startCollector } from '@clew/viewer';
import { countSpans } from '@clew/viewer/otlp';
import '@clew/node/register';
import { context } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';

const http = new HttpInstrumentation({
  requestHook: (span, request) => span.setAttribute('app.url', request.url ?? ''),
});
registerInstrumentations({ instrumentations: [http, new KnexInstrumentation()] });

const clew = init({
  serviceName: 'shop',
  instrumentations: [new KoaInstrumentation({ layers: 'slow' }), new UndiciInstrumentation()],
  plugins: { express: { layers: 'all' } },
  propagation: { extract: ['tracecontext', 'b3'], trust: [{ path: '/partner/*', trace: 'link' }] },
  sampler: parentBased({ root: traceIdRatioBased(0.5) }),
});
export const exported: number | undefined = clew.stats()?.spansExported;
export const bound: (text: string) => number = bind((text: string) => text.length);
export { countSpans, startCollector, TaskCarrier, TracerProvider };

// The types of one entry point of core are accepted by the others.
const TinyInstrumentation = defineInstrumentation({
  name: '@example/tiny',
  version: '1.0.0',
  options: { verbose: option.boolean(false) },
  targets: [{ module: 'tiny', versions: ['>=1'], patch: () => {} }],
});
const destinations: PluginDestinations = ['*.example.com'] satisfies Destinations;
init({
  context: new StrictContextManager(new StackContextManager()),
  propagation: { sendTo: destinations },
  instrumentations: [new TinyInstrumentation({ verbose: true })],
});
export const started: Operation | undefined = startOperation('tiny', context.active(), () =>
  new TracerProvider().getTracer('tiny').startSpan('tiny'),
);

// @ts-expect-error misspelt
init({ servicename: 'shop' });
// @ts-expect-error no such context manager
init({ context: 'thread' });
// @ts-expect-error no such value of trust
init({ propagation: { trust: 'linked' } });
// @ts-expect-error no such value
new ExpressInstrumentation({ layers: 'some' });
// @ts-expect-error a number
new KoaInstrumentation({ slowLayerMs: '5' });
// @ts-expect-error no such property of a request
new HttpInstrumentation({ requestHook: (_span, request) => request.nothing });
// @ts-expect-error no such list
new UndiciInstrumentation({ headersToSpanAttributes: { response: ['x-request-id'] } });
// @ts-expect-error a number
new TracerProvider({ exporter: { maxQueueBytes: '65536' } });
