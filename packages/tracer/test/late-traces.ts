import { NOTE_ROUTE, type RouteObserver } from '@clew/core/internal';
import { ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { type Sampler, TracerProvider, type TracerProviderOptions } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';

/** A collector for the tests of one file, and providers that export to it. */
export function collectedTraces() {
  let collector: Collector;
  /** The providers of the current test. An open one would retry its exports while other tests run. */
  const providers: TracerProvider[] = [];

  beforeAll(async () => {
    collector = await startCollector();
  });
  beforeEach(() => void collector.received.splice(0));
  afterEach(async () => {
    await Promise.all(providers.splice(0).map((provider) => provider.shutdown({ timeoutMs: 1000 })));
  });
  afterAll(() => collector.close());

  return {
    setUp(sampler: Sampler, options: TracerProviderOptions = {}) {
      const provider = new TracerProvider({ exporter: { url: collector.url }, sampler, ...options });
      providers.push(provider);
      return { provider, tracer: provider.getTracer('t'), other: provider.getTracer('other') };
    },
    collector: () => collector,
    /** The names of the exported spans. */
    names: () => collector.spans().map(({ name }) => name),
  };
}

export const inside = (span: Span) => trace.setSpan(ROOT_CONTEXT, span);
export const fail = (span: Span) => span.setStatus({ code: SpanStatusCode.ERROR });
export const noteRoute = (span: Span, route: string) => (span as Span & RouteObserver)[NOTE_ROUTE](route);
export const flagOf = (span: Span) => span.spanContext().traceFlags & 1;
