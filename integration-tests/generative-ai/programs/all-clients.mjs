// Calls of all clients of language models and of MCP, with a secret in everything that they send and receive: also in
// streams that break, are refused or are aborted. MODEL_URL: the server. TRACER: whose tracer. CONTENT: what is recorded.
import { init } from '@clew/node';
import { trace } from '@opentelemetry/api';

const { MODEL_URL, TRACER, CONTENT } = process.env;
const options = {
  ...(CONTENT !== 'nothing' && { captureContent: true }),
  ...(CONTENT === 'redacted' && {
    redactContent: (content) => JSON.parse(JSON.stringify(content).replaceAll(/s3cr3t|c2VjcmV0/g, '…')),
  }),
};
const names = { anthropic: 'Anthropic', 'google-genai': 'GoogleGenai', openai: 'Openai', ai: 'Ai' };
const instrumentations = [];
for (const [name, className] of Object.entries(names)) {
  const plugin = await import(`@clew/instrumentation-${name}`);
  instrumentations.push(new plugin[`${className}Instrumentation`](options));
}
const { McpInstrumentation } = await import('@clew/instrumentation-mcp');
const { UndiciInstrumentation } = await import('@clew/instrumentation-undici');
instrumentations.push(new McpInstrumentation(), new UndiciInstrumentation());

let finish;
if (TRACER === 'clew') {
  const clew = init({ instrumentations });
  finish = () => clew.shutdown();
} else {
  const { startSdk } = await import('./start-sdk.mjs');
  finish = startSdk(instrumentations);
}

const { OpenAI } = await import('openai');
const { Anthropic } = await import('@anthropic-ai/sdk');
const { GoogleGenAI } = await import('@google/genai');
const { generateText, streamText, tool, isStepCount } = await import('ai');
const { createOpenAI } = await import('@ai-sdk/openai');
const { z } = await import('zod');

const KEY = 'sk-s3cr3t';
const IMAGE = 'c2VjcmV0c2VjcmV0';
const PROMPT = 'What is the s3cr3t?';
const INSTRUCTIONS = 'Tell no s3cr3t.';

const clients = {
  async openai(url, signal) {
    const client = new OpenAI({ apiKey: KEY, logLevel: 'off', maxRetries: 0, baseURL: `${url}/v1` });
    const image_url = { url: `data:image/png;base64,${IMAGE}` };
    const call = {
      id: 'call-1',
      type: 'function',
      function: { name: 'look_up', arguments: '{"it":"s3cr3t"}' },
    };
    const messages = [
      { role: 'system', content: INSTRUCTIONS },
      {
        role: 'user',
        content: [
          { type: 'text', text: PROMPT },
          { type: 'image_url', image_url },
        ],
      },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call-1', content: 'It is s3cr3t.' },
    ];
    const tools = [{ type: 'function', function: { name: 'look_up', description: 's3cr3t' } }];
    return client.chat.completions.create({ model: 'gpt-5', messages, tools, stream: true }, { signal });
  },
  async anthropic(url, signal) {
    const client = new Anthropic({ apiKey: KEY, logLevel: 'off', maxRetries: 0, baseURL: url });
    const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: IMAGE } };
    const messages = [
      { role: 'user', content: [{ type: 'text', text: PROMPT }, image] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 't-1', name: 'look_up', input: { it: 's3cr3t' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't-1', content: 'It is s3cr3t.' }] },
    ];
    const body = { model: 'claude-5', max_tokens: 9, system: INSTRUCTIONS, messages, stream: true };
    return client.messages.create(body, { signal });
  },
  async google(url, signal) {
    const { models } = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: url } });
    const parts = [
      { text: PROMPT },
      { inlineData: { mimeType: 'image/png', data: IMAGE } },
      { functionCall: { name: 'look_up', args: { it: 's3cr3t' } } },
      { functionResponse: { name: 'look_up', response: { it: 's3cr3t' } } },
    ];
    const config = { systemInstruction: INSTRUCTIONS, abortSignal: signal };
    return models.generateContentStream({ model: 'gemini-3', contents: [{ role: 'user', parts }], config });
  },
  async ai(url, signal) {
    const model = createOpenAI({ apiKey: KEY, baseURL: `${url}/v1` }).chat('gpt-5');
    const content = [
      { type: 'text', text: PROMPT },
      { type: 'file', mediaType: 'image/png', data: `data:image/png;base64,${IMAGE}` },
    ];
    const messages = [{ role: 'user', content }];
    const request = {
      model,
      messages,
      system: INSTRUCTIONS,
      maxRetries: 0,
      abortSignal: signal,
      onError() {},
    };
    return streamText(request).textStream;
  },
};

const consume = async (stream, work) => {
  for await (const _chunk of stream) work?.();
};

for (const [name, open] of Object.entries(clients)) {
  await trace.getTracer('app').startActiveSpan(name, async (span) => {
    for (const behaviour of ['normal', 'resets', 'malformed', 'refuses'])
      await open(`${MODEL_URL}/${behaviour}/${name}`)
        .then(consume)
        .catch(() => {});
    const aborting = new AbortController();
    await open(`${MODEL_URL}/hangs/${name}`, aborting.signal)
      .then((stream) => consume(stream, () => aborting.abort()))
      .catch(() => {});
    span.end();
  });
}

await trace.getTracer('app').startActiveSpan('agent', async (span) => {
  const model = createOpenAI({ apiKey: KEY, baseURL: `${MODEL_URL}/normal/agent/v1` }).chat('gpt-5');
  const inputSchema = z.object({ city: z.string() });
  const tools = {
    weather: tool({ inputSchema, execute: ({ city }) => ({ city, it: 's3cr3t' }) }),
    throws: tool({
      inputSchema,
      execute: ({ city }) => {
        throw new Error(`${city} is unknown`);
      },
    }),
  };
  await generateText({ model, prompt: PROMPT, tools, stopWhen: isStepCount(3), maxRetries: 0 });
  span.end();
});

const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
const { InMemoryTransport } = await import('@modelcontextprotocol/sdk/inMemory.js');
const server = new McpServer({ name: 'weather', version: '1.0.0' });
server.tool('forecast', { city: z.string() }, async ({ city }) => ({
  content: [{ type: 'text', text: city }],
}));
const mcp = new Client({ name: 'assistant', version: '1.0.0' });
const [clientTransport, serverTransport] = InMemoryTransport.createLinkedPair();
await server.connect(serverTransport);
await trace.getTracer('app').startActiveSpan('mcp', async (span) => {
  await mcp.connect(clientTransport);
  await mcp.callTool({ name: 'forecast', arguments: { city: 'the city of s3cr3t' } });
  await mcp.callTool({ name: 'forecast', arguments: { city: { is: 's3cr3t' } } }).catch(() => {});
  span.end();
});
await mcp.close();

await finish();
