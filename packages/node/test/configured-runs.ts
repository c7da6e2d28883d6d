import { type Collector, startCollector } from '@clew/viewer';
import { PRELOAD, run } from './child.ts';
import { traces } from './declarative-configuration.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Runs applications with configuration files, and collects their spans, for the tests of one file. */
export function configuredRuns() {
  const { file, pathOf } = temporaryFolder();
  let count = 0;
  let collector: Collector;
  beforeAll(async () => {
    collector = await startCollector({ port: 0 });
  });
  afterAll(() => collector.close());

  /** The spans of an application that starts `health`, `root` and `child`, whose remote parent is sampled. */
  async function spansWith(sampler: string, variables: Record<string, string> = {}, more = '') {
    const service = `service ${count++}`;
    const content = `
${traces(sampler === '' ? '' : `sampler:\n${sampler.replace(/^/gm, '  ')}`, `batch: { exporter: { otlp_http: { endpoint: "\${ENDPOINT}" } } }`)}
resource: { attributes: [{ name: service.name, value: "${service}" }] }
propagator: { composite: [{ tracecontext: }] }
${more}`;
    const code = `
      const { trace, ROOT_CONTEXT } = require('@opentelemetry/api');
      const tracer = trace.getTracer('application');
      const traceId = require('node:crypto').randomBytes(16).toString('hex');
      const remote = { traceId, spanId: 'b'.repeat(16), isRemote: true, traceFlags: 1 };
      for (const name of ['health', 'root'])
        tracer.startSpan(name, { attributes: { 'url.path': '/' + name } }, ROOT_CONTEXT).end();
      tracer.startSpan('child', {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();`;
    const { code: status, stderr } = await run([...PRELOAD, '--eval', code], {
      ENDPOINT: `${collector.url}/v1/traces`,
      OTEL_CONFIG_FILE: file(content),
      ...variables,
    });
    const found = collector.store.traces({ service, limit: 10 });
    const spans = found.flatMap(({ traceId }) => collector.store.trace(traceId)?.spans ?? []);
    return { status, stderr, names: spans.map(({ name }) => name).sort() };
  }

  return { file, pathOf, spansWith };
}
