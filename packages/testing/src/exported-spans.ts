import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { listenOn, whileServing } from './suite-server.ts';

interface ExportedTraces {
  readonly resourceSpans: { readonly scopeSpans: { readonly spans: { readonly name: string }[] }[] }[];
}

/** What a Node.js process printed and exported. */
export interface Exported {
  /** Standard output and standard error. */
  readonly output: string;
  readonly spanNames: readonly string[];
}

/** Runs Node.js with these arguments in a folder, and collects the spans that it exports over OTLP. */
export async function exportedSpans(folder: string, args: readonly string[]): Promise<Exported> {
  const spanNames: string[] = [];
  const collector = createServer(async (request, response) => {
    const { resourceSpans } = (await json(request)) as ExportedTraces;
    const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    spanNames.push(...scopes.flatMap(({ spans }) => spans.map(({ name }) => name)));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  return await whileServing(listenOn(collector), async (url) => {
    const env = {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      // More than the default: this process may be busy when the spans arrive.
      CLEW_FLUSH_TIMEOUT_MS: '60000',
    };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, env });
    return { output: stdout + stderr, spanNames };
  });
}
