import { type OtlpExporterOptions, TracerProvider } from '../src/index.ts';
import { type Collector, startCollector } from './collector.ts';

/** A receiver for each test of a file, and providers that export to it. */
export function receiverSetup() {
  let collector: Collector;
  const providers: TracerProvider[] = [];

  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    await Promise.all(providers.splice(0).map((provider) => provider.shutdown({ timeoutMs: 20 })));
    await collector.close();
  });

  return {
    collector: () => collector,
    makeProvider(exporter: OtlpExporterOptions = {}): TracerProvider {
      const provider = new TracerProvider({
        exporter: { url: collector.url, retryDelayMs: 10, ...exporter },
      });
      providers.push(provider);
      return provider;
    },
    /** Starts a receiver in place of the one that was closed. */
    async restart(port?: number): Promise<void> {
      collector = await startCollector(port);
    },
  };
}

/** Ends this many spans. */
export function end(provider: TracerProvider, count = 1): void {
  for (let i = 0; i < count; i++) provider.getTracer('t').startSpan(`s${i}`).end();
}

/** The counts of dropped spans if nothing was dropped. */
export const none = {
  queueFull: 0,
  tooLarge: 0,
  rejected: 0,
  retriesExhausted: 0,
  shutdown: 0,
  failed: 0,
};
