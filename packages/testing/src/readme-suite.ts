import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { runTests } from './suite.ts';
import { listenOn, whileServing } from './suite-server.ts';

interface ExportedTraces {
  readonly resourceSpans: { readonly scopeSpans: { readonly spans: { readonly name: string }[] }[] }[];
}

/**
 * Runs the first `js` example of a package's README as a program of its own, on what was built, and checks that it
 * says nothing and exports the spans that the README names.
 *
 * @example
 * readmeSuite(join(import.meta.dirname, '..'), ['GET /songs/:id']);
 */
export function readmeSuite(folder: string, spanNames: readonly string[]): void {
  runTests('the README', {
    'has an example that makes the spans it names': async () => {
      const [, example] = /```js\n(.*?)```/s.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
      assert(example !== undefined, 'the README has no example in js');
      const exported: string[] = [];
      const collector = createServer(async (request, response) => {
        const { resourceSpans } = (await json(request)) as ExportedTraces;
        const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
        exported.push(...scopes.flatMap(({ spans }) => spans.map(({ name }) => name)));
        response.setHeader('content-type', 'application/json').end('{}');
      });
      await whileServing(listenOn(collector), async (url) => {
        const env = {
          ...process.env,
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        };
        const program = ['--input-type=module', '--eval', example];
        const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { cwd: folder, env });
        assert.equal(stdout + stderr, '');
      });
      for (const name of spanNames) assert(exported.includes(name), `"${name}" in ${exported.join(', ')}`);
    },
  });
}
