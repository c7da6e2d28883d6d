// What the plugin reads from the APIs of OpenAI, and what it never records.
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { type Meter, metrics } from '@opentelemetry/api';
import { connected, json, sse } from './connected.ts';
import { type Client, chunkOf, completion, lastChunks, versions } from './versions.ts';

const recorder = recordSpans();
const messages = [
  { role: 'system' as const, content: 'Be brief.' },
  { role: 'user' as const, content: 'What is the s3cr3t?' },
];
const chat = { model: 'gpt-5', messages };

async function only(): Promise<RecordedSpan> {
  const [span] = await recorder.take(1);
  return span!;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of stream);
}

describe.each(versions)('%s', (_name, openai) => {
  test('withResponse() ends the call with the parsed result', async () => {
    await connected(openai, [json(completion)], async (client) => {
      const { data, response } = await client.chat.completions.create(chat).withResponse();
      expect(data.id).toBe('chat-1');
      expect(response.status).toBe(200);
    });
    expect((await only()).attributes['gen_ai.response.id']).toBe('chat-1');
  });

  test('asResponse() ends the call with the response, whose body is left to the application', async () => {
    await connected(openai, [json(completion)], async (client) => {
      const response = await client.chat.completions.create(chat).asResponse();
      expect(recorder.open()).toEqual([]);
      expect(await response.json()).toMatchObject({ id: 'chat-1' });
    });
    expect((await only()).attributes['gen_ai.response.id']).toBeUndefined();
  });

  test('two awaits of a promise are one call, and its body is parsed once', async () => {
    await connected(openai, [json(completion)], async (client) => {
      const promise = client.chat.completions.create(chat);
      const [first, second] = await Promise.all([promise, promise]);
      expect(second).toBe(first);
    });
    await only();
  });

  test('embeddings have their model and usage, and their vectors are decoded as before', async () => {
    const embedding = Buffer.from(new Float32Array([1, 2]).buffer).toString('base64');
    const usage = { prompt_tokens: 5, total_tokens: 5 };
    await connected(
      openai,
      [json({ object: 'list', model: 'text-embedding-3', data: [{ index: 0, embedding }], usage })],
      async (client) => {
        const { data } = await client.embeddings.create({ model: 'text-embedding-3', input: 's3cr3t' });
        expect(data[0]!.embedding).toEqual([1, 2]);
      },
    );
    const span = await only();
    expect(span.name).toBe('embeddings text-embedding-3');
    expect(span.attributes).toMatchObject({
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.usage.input_tokens': 5,
    });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('completions have their own operation', async () => {
    const body = { id: 'c', model: 'm', choices: [{ index: 0, text: 'yes', finish_reason: 'length' }] };
    await connected(openai, [json(body)], (client) =>
      client.completions.create({ model: 'm', prompt: 's3cr3t', stop: ['.'] }),
    );
    const span = await only();
    expect(span.name).toBe('text_completion m');
    expect(span.attributes).toMatchObject({
      'gen_ai.request.stop_sequences': ['.'],
      'gen_ai.response.finish_reasons': ['length'],
    });
  });

  test('an event that is not JSON is an error without its text', async () => {
    const logged = jest.spyOn(console, 'error').mockImplementation();
    await connected(openai, [sse(`${chunkOf('one')}data: {"s3cr3t\n\n`)], async (client) => {
      const stream = await client.chat.completions.create({ ...chat, stream: true });
      await expect(readAll(stream)).rejects.toThrow(SyntaxError);
    });
    logged.mockRestore();
    const span = await only();
    expect(span.attributes['error.type']).toBe('SyntaxError');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('a refused request has the code and the status, and neither the key nor the prompt', async () => {
    const error = { message: 'Incorrect API key provided: sk-s3cr3t', code: 'invalid_api_key' };
    await connected(openai, [json({ error }, 401)], async (client) => {
      await expect(client.chat.completions.create(chat)).rejects.toThrow('s3cr3t');
    });
    const span = await only();
    expect(span.status.message).toBe('status 401, invalid_api_key');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('with captureContent, messages and calls of tools are recorded in the format of the conventions', async () => {
    const call = (index: number, more: object) => ({ index, ...more });
    const deltas = [
      { tool_calls: [call(0, { id: 'call-1', function: { name: 'look_up', arguments: '{"of":' } })] },
      { tool_calls: [call(0, { function: { arguments: '"it"}' } })] },
    ].map((delta) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`);
    await connected(
      openai,
      [sse(`${chunkOf('One ')}${chunkOf('two.')}${deltas.join('')}${lastChunks}`)],
      async (client) => readAll(await client.chat.completions.create({ ...chat, stream: true })),
      { captureContent: true },
    );
    const { attributes } = await only();
    expect(JSON.parse(attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'Be brief.' }] },
      { role: 'user', parts: [{ type: 'text', content: 'What is the s3cr3t?' }] },
    ]);
    expect(JSON.parse(attributes['gen_ai.output.messages'] as string)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'One two.' },
          { type: 'tool_call', id: 'call-1', name: 'look_up', arguments: '{"of":"it"}' },
        ],
        finish_reason: 'stop',
      },
    ]);
  });

  test('chunks with an index that is too large are ignored', async () => {
    const delta = { tool_calls: [{ index: 30_000_000, id: 'call-1', function: { name: 'look_up' } }] };
    const chunks = [{ index: 30_000_000 }, { index: -1 }, { index: 0.5 }, { index: 0, delta }].map(
      (choice) => `data: ${JSON.stringify({ choices: [choice] })}\n\n`,
    );
    await connected(
      openai,
      [sse(`${chunkOf('yes')}${chunks.join('')}${lastChunks}`)],
      async (client) => readAll(await client.chat.completions.create({ ...chat, stream: true })),
      { captureContent: true },
    );
    const { attributes } = await only();
    expect(attributes['gen_ai.response.finish_reasons']).toEqual(['stop']);
    expect(JSON.parse(attributes['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'yes' }], finish_reason: 'stop' },
    ]);
  });

  test('calls of tools may leave out an index', async () => {
    const delta = { tool_calls: [{ index: 1, id: 'call-1', function: { name: 'look_up' } }] };
    const chunk = `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
    await connected(
      openai,
      [sse(`${chunk}${chunk}${lastChunks}`)],
      async (client) => readAll(await client.chat.completions.create({ ...chat, stream: true })),
      { captureContent: true },
    );
    const [output] = JSON.parse((await only()).attributes['gen_ai.output.messages'] as string);
    expect(output.parts).toContainEqual({ type: 'tool_call', id: 'call-1', name: 'look_up' });
  });

  test('with captureContent, images, audio and files are not recorded, only their types', async () => {
    const content = [
      { type: 'text' as const, text: 'What is this?' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,s3cr3t' } },
      { type: 'input_audio' as const, input_audio: { data: 's3cr3t', format: 'wav' as const } },
    ];
    const tool = { role: 'tool' as const, tool_call_id: 'call-1', content: content.slice(0, 2) };
    await connected(
      openai,
      [json(completion)],
      (client) =>
        client.chat.completions.create({
          model: 'm',
          messages: [{ role: 'user', content }, tool as typeof tool & { content: string }],
        }),
      { captureContent: true },
    );
    const text = { type: 'text', content: 'What is this?' };
    const image = { type: 'image_url' };
    expect(JSON.parse((await only()).attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'user', parts: [text, image, { type: 'input_audio' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call-1', response: [text, image] }] },
    ]);
  });

  test('helpers that stream and parse are calls of their own', async () => {
    await connected(openai, [sse(`${chunkOf('yes')}${lastChunks}`)], async (client) => {
      const beta = client.beta as { readonly chat?: Client['chat'] };
      const { completions } = beta.chat ?? client.chat;
      const runner = completions.stream(chat);
      expect(await runner.finalContent()).toBe('yes');
    });
    expect((await only()).attributes['gen_ai.response.finish_reasons']).toEqual(['stop']);
  });
});

test('duration and tokens are metrics, also of calls that are not sampled', async () => {
  const recorded: [string, number, object][] = [];
  const instrument = (name: string) => ({
    record: (value: number, attributes: object) => recorded.push([name, value, attributes]),
  });
  const meter = new Proxy({}, { get: () => instrument });
  metrics.setGlobalMeterProvider({ getMeter: () => meter as Meter });
  recorder.sampling = 'none';
  await connected(versions[3]![1], [json(completion)], (client) => client.chat.completions.create(chat));
  metrics.disable();
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5',
    'gen_ai.response.model': 'gpt-5-2026-01-01',
    'server.address': 'api.openai.com',
    'server.port': 443,
  };
  expect(recorded).toEqual([
    ['gen_ai.client.operation.duration', expect.any(Number), attributes],
    ['gen_ai.client.token.usage', 20, { ...attributes, 'gen_ai.token.type': 'input' }],
    ['gen_ai.client.token.usage', 10, { ...attributes, 'gen_ai.token.type': 'output' }],
  ]);
});
