import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listenOn } from '@clew/testing';

const folder = join(__dirname, '..');

test('the example of the README is traced', async () => {
  const exported: string[] = [];
  const seen: unknown[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/traces') exported.push(await text(request));
    else seen.push(request.headers.traceparent);
    response.setHeader('x-request-id', 'r-1').end(request.url === '/v1/traces' ? '{}' : '[]');
  });
  const { url, close } = await listenOn(server);
  const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8'))!;
  const program = example!.replace('http://localhost:8080', url);
  expect(program).toContain(url);
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    CLEW_FLUSH_TIMEOUT_MS: '60000',
  };
  const args = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  await close();

  expect({ stdout, stderr }).toEqual({ stdout: '200 []\n', stderr: '' });
  const [{ resourceSpans }] = exported.map((body) => JSON.parse(body));
  const [span, ...others] = resourceSpans[0].scopeSpans[0].spans;
  expect(others).toEqual([]);
  expect(seen).toEqual([expect.stringMatching(`^00-${span.traceId}-${span.spanId}-0[13]$`)]);
  const keys = span.attributes.map(({ key }: { readonly key: string }) => key);
  expect(keys).toContain('http.response.header.x-request-id');
});
