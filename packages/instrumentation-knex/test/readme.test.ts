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
  const server = createServer(async (request, response) => {
    exported.push(await text(request));
    response.end('{}');
  });
  const { url, close } = await listenOn(server);
  const [, program] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8'))!;
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    CLEW_FLUSH_TIMEOUT_MS: '60000',
  };
  const args = ['--no-warnings', '--input-type=commonjs', '--eval', program!];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  await close();

  expect({ stdout, stderr }).toEqual({ stdout: '[ { songs: 1 } ]\n', stderr: '' });
  const [{ resourceSpans }] = exported.map((body) => JSON.parse(body));
  const names = resourceSpans[0].scopeSpans[0].spans.map(({ name }: { readonly name: string }) => name);
  expect(names).toEqual(['CREATE songs', 'INSERT songs', 'SELECT songs']);
});
