import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn } from '@clew/testing';
import { type Bundler, bundle } from './bundle.ts';
import { linesOf, type TracedRun, tracedRun } from './traced-run.ts';

const text = 'Hi';
const RESPONSES: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    id: 'chat-1',
    model: 'gpt-5',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
  '/v1/messages': {
    id: 'message-1',
    model: 'claude-opus-4-1',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  '/v1beta/models/gemini-3:generateContent': {
    modelVersion: 'gemini-3',
    candidates: [{ finishReason: 'STOP', content: { role: 'model', parts: [{ text }] } }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 },
  },
  '/': { TableNames: [] },
};

let folder: string;
let server: Awaited<ReturnType<typeof listenOn>>;
let variables: Readonly<Record<string, string>>;
let unbundled: TracedRun;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clew-bundler-es-'));
  const models = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(RESPONSES[request.url ?? ''] ?? {}));
    });
  });
  server = await listenOn(models);
  variables = { MODEL_URL: server.url };
  const args = ['--import', '@clew/node/register', 'programs/es-modules.mjs'];
  unbundled = await tracedRun(args, __dirname, variables);
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

test('the clients that are not bundled have spans', () => {
  expect(unbundled).toMatchObject({ code: 0, stdout: 'La la\n', stderr: '' });
  expect(linesOf(unbundled.traces)).toEqual(
    expect.arrayContaining([
      'CLIENT chat gpt-5',
      'CLIENT chat claude-opus-4-1',
      'CLIENT generate_content gemini-3',
      'CLIENT DynamoDB.ListTables',
      'CLIENT tools/call sing',
      '  SERVER tools/call sing',
    ]),
  );
});

test.each<[bundler: Bundler, minify: boolean]>([
  ['esbuild', true],
  ['rollup', false],
  ['vite', true],
  ['webpack', true],
])(
  '%s: libraries that are published as ES modules are traced as if they were not bundled (minified: %s)',
  async (bundler, minify) => {
    const file = join(folder, `${bundler}.mjs`);
    const built = await bundle({ bundler, program: 'es-modules.mjs', file, minify });
    expect(built).toMatchObject({ code: 0, stderr: '' });
    const bundled = await tracedRun([file], folder, variables);
    expect(bundled).toMatchObject({ code: 0, stdout: 'La la\n', stderr: '' });
    expect(bundled.traces).toEqual(unbundled.traces);
  },
  240_000,
);
