// Runs the code of docs/metrics.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AggregationTemporality,
  createDenyListAttributesProcessor,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { runProgram } from '../run-program.ts';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
const [setUp, view, ...others] = Array.from(guide.matchAll(/^```js\n(.*?)^```$/gms), ([, block]) => block!);

test('all code blocks of the guide are tested', () => {
  expect(others).toEqual([]);
});

test('the file of the guide measures the requests of an application', async () => {
  const folder = mkdtempSync(join(__dirname, 'guide-'));
  try {
    writeFileSync(join(folder, 'metrics.mjs'), setUp!);
    const application = `
      import { createServer } from 'node:http';
      const server = createServer((_request, response) => response.end());
      server.listen(0, async () => {
        await (await fetch(\`http://localhost:\${server.address().port}\`)).text();
        server.close();
      });
    `;
    writeFileSync(join(folder, 'app.mjs'), application);
    const [, flags] = /^node (--import .*) app\.js$/m.exec(guide) as unknown as string[];
    const { code, stdout, stderr } = await runProgram([...flags!.split(' '), 'app.mjs'], {
      cwd: folder,
      variables: { OTEL_TRACES_EXPORTER: 'none' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain("name: 'http.server.request.duration'");
    expect(stdout).toContain("name: 'http.client.request.duration'");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the view of the guide removes the addresses of clients', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const imported = { MeterProvider, createDenyListAttributesProcessor };
  const create = new Function('readers', ...Object.keys(imported), `return ${view}`);
  const provider: MeterProvider = create([reader], ...Object.values(imported));
  const attributes = { 'http.request.method': 'GET', 'server.address': 'a.example', 'server.port': 443 };
  provider.getMeter('test').createHistogram('http.client.request.duration').record(1, attributes);
  await provider.forceFlush();
  const [metric] = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
  expect(metric?.dataPoints.map((point) => point.attributes)).toEqual([{ 'http.request.method': 'GET' }]);
  await provider.shutdown();
});
