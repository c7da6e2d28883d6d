// The example of the README, and an application without any code for tracing.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listenOn, preloadSuite } from '@clew/testing';
import { chunkOf } from './versions.ts';

const folder = join(__dirname, '..');

interface Exported {
  readonly resourceSpans: {
    readonly scopeSpans: {
      readonly spans: {
        readonly name: string;
        readonly attributes: { readonly key: string; readonly value: { readonly stringValue?: string } }[];
      }[];
    }[];
  }[];
}

test('the example of the README is traced', async () => {
  const exported: Exported[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === '/v1/traces') {
      exported.push((await json(request)) as Exported);
      response.end('{}');
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    response.end(chunkOf('Ariadne'));
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

  expect({ stdout, stderr }).toEqual({ stdout: 'Ariadne', stderr: '' });
  const spans = exported.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
  const chat = spans.find(({ name }) => name === 'generate_content gemini-3')!;
  const text = (wanted: string) => chat.attributes.find(({ key }) => key === wanted)?.value.stringValue;
  expect(text('gen_ai.output.messages')).toContain('Ariadne');
  expect(text('gen_ai.input.messages')).toBeUndefined();
});

preloadSuite(
  folder,
  {
    modules: { http: 'node:http', '{ GoogleGenAI }': '@google/genai' },
    body: `
      const server = http.createServer((request, response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.end(${JSON.stringify(chunkOf('yes'))});
      });
      await new Promise((resolve) => server.listen(0, resolve));
      const url = 'http://127.0.0.1:' + server.address().port;
      const { models } = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: url } });
      const stream = await models.generateContentStream({ model: 'gemini-3', contents: 'Is it?' });
      for await (const chunk of stream);
      server.close();
      server.closeAllConnections();`,
  },
  ['generate_content gemini-3', 'POST', 'POST'],
);
