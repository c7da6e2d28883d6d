import { join } from 'node:path';
import { startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf } from '../span-tree.ts';

test('an application that fails with unusual errors responds as without tracing, and each request has one span', async () => {
  const program = join(__dirname, 'programs', 'unusual-errors.cjs');
  const collector = await startCollector({ port: 0 });
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'unusual errors' };
  const untraced = await runProgram([program]);
  const traced = await runProgram(['--import', '@clew/node/register', program], { variables });
  const spans = spansOf(collector, 'unusual errors');
  await collector.close();

  expect(untraced).toMatchObject({ code: 3, signal: null, stderr: '' });
  expect(untraced.stdout).toContain('failed: /revoked');
  expect({ ...traced, stderr: '' }).toEqual(untraced);
  const errors = spans.map(({ name, attributes }) => `${name}: ${attributes['error.type']}`);
  expect(errors.sort()).toEqual([
    'GET /bare: Error',
    'GET /code: Error',
    'GET /error: Error',
    'GET /frozen: Error',
    'GET /huge: Error',
    'GET /message: Error',
    'GET /patched: undefined',
    'GET /proxy: Error',
    'GET /revoked: Error',
    'GET /symbol: symbol',
    'GET /text: string',
    'POST /upload: connection_closed',
    'POST /upload: connection_closed',
  ]);
});
