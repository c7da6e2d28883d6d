import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listenOn } from '@clew/testing';

interface ExportedTraces {
  readonly resourceSpans: { readonly scopeSpans: { readonly spans: { readonly name: string }[] }[] }[];
}

const folder = join(__dirname, '..');

test('the example of the README makes the spans that it names', async () => {
  const names: string[] = [];
  const collector = await listenOn(
    createServer(async (request, response) => {
      const { resourceSpans } = (await json(request)) as ExportedTraces;
      const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
      names.push(...scopes.flatMap(({ spans }) => spans.map(({ name }) => name)));
      response.setHeader('content-type', 'application/json').end('{}');
    }),
  );
  const [, example = ''] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', example], {
    cwd: folder,
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    },
  });
  expect(await run).toEqual({ stdout: '', stderr: '' });
  expect(names).toEqual(expect.arrayContaining(['GET /songs/:id', 'middleware - loadSession']));
  await collector.close();
});
