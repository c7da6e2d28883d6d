import { join } from 'node:path';
import { type Collector, startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';

let collector: Collector;
beforeAll(async () => {
  collector = await startCollector({ port: 0 });
});
afterAll(() => collector.close());

test.each([
  ['another SDK', ['--import', join(__dirname, 'second.mjs')], 1],
  ['dd-trace', ['--import', '@clew/node/register', '--require', join(__dirname, 'dd-trace.cjs')], 0],
])(
  'when %s starts after Clew, requests have one traceparent, and another SDK is reported',
  async (name, preloads, warnings) => {
    const { stdout, stderr, code } = await runProgram([...preloads, join(__dirname, 'two-hops.cjs')], {
      variables: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: name,
        NODE_NO_WARNINGS: '1',
      },
    });
    expect(code).toBe(0);
    const [byFetch, byHttp] = ['/fetch', '/http'].map(
      (path) => new RegExp(`^${path} 00-([0-9a-f]{32})-[0-9a-f]{16}-0[13]$`, 'm').exec(stdout)?.[1],
    );
    expect(byFetch).toEqual(expect.any(String));
    expect(byHttp).toBe(byFetch);
    const spans = spansOf(collector, name).filter((span) => span.name === 'GET');
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([byFetch]));
    const lines = stderr.split('\n').filter((line) => line.startsWith('clew '));
    expect(lines).toEqual(
      Array(warnings).fill(expect.stringContaining('another tracer was started after Clew')),
    );
  },
);
