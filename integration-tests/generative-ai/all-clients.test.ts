// All clients of language models and of MCP in one application, with both tracers: the same spans, and no secrets in any
// byte that leaves the application.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { listenOn } from '@clew/testing';
import { startCollector } from '@clew/viewer';
import { runProgram } from '../run-program.ts';
import { spansOf, treeOf } from '../span-tree.ts';
import { startModelServer } from './model-server.ts';

const PROGRAM = join(__dirname, 'programs', 'all-clients.mjs');
const TRACERS = ['clew', 'opentelemetry'] as const;
const TIMEOUT_MS = 120_000;

let models: Awaited<ReturnType<typeof startModelServer>>;
beforeAll(async () => {
  models = await startModelServer();
});
afterAll(() => models.close());

async function run(tracer: string, content: string, endpoint: string, service = 'app'): Promise<void> {
  const [, , port] = models.urlOf('normal').split(':');
  const ended = await runProgram([PROGRAM], {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_SERVICE_NAME: service,
      MODEL_URL: `http://127.0.0.1:${port!.split('/')[0]}`,
      TRACER: tracer,
      CONTENT: content,
      NODE_NO_WARNINGS: '1',
    },
  });
  expect(ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
}

/** Runs the program and returns all bytes that it exports. */
async function exportedBytes(tracer: string, content: string): Promise<Buffer> {
  const bodies: Buffer[] = [];
  const sink = createServer(async (request, response) => {
    expect(request.headers['content-encoding']).toBeUndefined();
    bodies.push(Buffer.from(JSON.stringify(request.headers)), await buffer(request));
    response.end();
  });
  const { url, close } = await listenOn(sink);
  await run(tracer, content, url);
  sink.closeAllConnections();
  await close();
  return Buffer.concat(bodies);
}

/** What the program sends and receives: keys, texts, arguments of tools, and a part of an image. */
const SECRETS = ['s3cr3t', 'c2VjcmV0'];

test.each(TRACERS.flatMap((tracer) => ['nothing', 'redacted'].map((content) => [tracer, content] as const)))(
  'with the tracer of %s and %s recorded, no exported byte contains a secret',
  async (tracer, content) => {
    const bytes = await exportedBytes(tracer, content);
    for (const name of ['gpt-5', 'claude-5', 'gemini-3', 'execute_tool', 'tools/call'])
      expect(bytes.includes(name)).toBe(true);
    expect(bytes.includes('What is the')).toBe(content === 'redacted');
    for (const secret of SECRETS) expect(bytes.includes(secret)).toBe(false);
  },
  TIMEOUT_MS,
);

test(
  'with all contents recorded, they contain what the application sends, and neither keys nor images',
  async () => {
    const bytes = await exportedBytes('clew', 'everything');
    expect(bytes.includes('What is the s3cr3t?')).toBe(true);
    for (const secret of ['sk-s3cr3t', 'c2VjcmV0']) expect(bytes.includes(secret)).toBe(false);
  },
  TIMEOUT_MS,
);

/** Five calls with their requests. */
const fiveOf = (name: string) =>
  Array.from({ length: 5 }, () => [`  CLIENT ${name}`, '    CLIENT POST']).flat();

test(
  'the spans are the same with both tracers',
  async () => {
    const collector = await startCollector({ port: 0 });
    const [clew, sdk] = await Promise.all(
      TRACERS.map(async (tracer) => {
        await run(tracer, 'nothing', collector.url, tracer);
        return treeOf(spansOf(collector, tracer));
      }),
    );
    await collector.close();
    expect(sdk).toEqual(clew);
    expect(clew).toEqual([
      'INTERNAL agent',
      '  INTERNAL invoke_agent',
      '    CLIENT chat gpt-5',
      '      CLIENT POST',
      '    CLIENT chat gpt-5',
      '      CLIENT POST',
      '    INTERNAL execute_tool throws',
      '    INTERNAL execute_tool weather',
      'INTERNAL ai',
      ...fiveOf('chat gpt-5'),
      'INTERNAL anthropic',
      ...fiveOf('chat claude-5'),
      'INTERNAL google',
      ...fiveOf('generate_content gemini-3'),
      'INTERNAL mcp',
      '  CLIENT initialize',
      '    SERVER initialize',
      '  CLIENT notifications/initialized',
      '    SERVER notifications/initialized',
      '  CLIENT tools/call forecast',
      '    SERVER tools/call forecast',
      '  CLIENT tools/call forecast',
      '    SERVER tools/call forecast',
      'INTERNAL openai',
      ...fiveOf('chat gpt-5'),
    ]);
  },
  TIMEOUT_MS,
);
