import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

const frameworks = { express: 'clew', koa: 'clew' };
const mixes = [
  ['OpenTelemetry’s http', { http: 'opentelemetry', ...frameworks }],
  ['Clew’s http', { http: 'clew', ...frameworks }],
  ['no plugin for http', frameworks],
] as const;

describe.each(['clew', 'opentelemetry'] as const)('the tracer of %s', (tracer) => {
  test.each(mixes)('adds the route to a SERVER span of the application, with %s', async (name, plugins) => {
    const service = `own server span: ${tracer}: ${name}`;
    const preload = ['--import', join(__dirname, 'setup.mjs')];
    const ended = await runProgram([...preload, join(__dirname, 'own-server-span.cjs')], {
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: service,
        SETUP: JSON.stringify({ tracer, plugins }),
        NODE_NO_WARNINGS: '1',
      },
    });
    expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
    const names = spansOf(collector, service).map((span) => [span.name, span.attributes['http.route']]);
    const httpRoutes = 'http' in plugins ? ['GET /songs/:id', 'GET /songs/:id'] : [];
    expect(names.sort()).toEqual([...httpRoutes, 'express', 'koa'].map((each) => [each, '/songs/:id']));
  });
});
