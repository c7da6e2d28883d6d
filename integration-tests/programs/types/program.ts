// What a user writes. It is compiled and never run: each `@ts-expect-error` is a mistake that must not compile.
import { bind, TaskCarrier } from '@clew/core';
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

// @ts-expect-error misspelt
init({ servicename: 'shop' });
// @ts-expect-error no such carrier
init({ context: 'thread' });
// @ts-expect-error no such trust
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
