// Functions in processes that stop with the response: as CommonJS and as ES modules, with Clew's tracer and OpenTelemetry's.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';

const programs = join(__dirname, 'programs');
const setup = join(__dirname, '..', 'opentelemetry', 'setup.mjs');
let collector: Collector;
let runs = 0;

beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

describe.each(['lambda-program.cjs', 'lambda-program.mjs'])('%s', (file) => {
  test.each([
    ['the preload flag', '@clew/node/register', 'promise', 'done'],
    ['the tracer of clew', 'clew', 'callback', 'done'],
    ['the tracer of clew', 'clew', 'throwing', 'at once'],
    ['the tracer of opentelemetry', 'opentelemetry', 'promise', 'done'],
    ['the tracer of opentelemetry', 'opentelemetry', 'callback', 'done'],
    ['the tracer of opentelemetry', 'opentelemetry', 'throwing', 'at once'],
  ])(
    'with %s (%s), the span of a handler (%s) is exported before the response',
    async (_name, tracer, handler, response) => {
      const service = `lambda ${runs++}`;
      const traceId = randomBytes(16).toString('hex');
      const isPreload = tracer.startsWith('@');
      const { code, stdout, stderr } = await runProgram(['--import', isPreload ? tracer : setup, file], {
        cwd: programs,
        variables: {
          SETUP: JSON.stringify({ tracer, plugins: {} }),
          HANDLER: handler,
          CLIENT_CONTEXT: JSON.stringify({ custom: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } }),
          OTEL_SERVICE_NAME: service,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          NODE_NO_WARNINGS: '1',
        },
      });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: response, stderr: '' });
      const spans = spansOf(collector, service);
      expect(spans).toMatchObject([
        { name: handler, kind: 'SERVER', traceId, parentSpanId: 'b7ad6b7169203331' },
      ]);
    },
  );
});
