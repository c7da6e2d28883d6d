// What the plugin reads from the Responses API.
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { connected, json, sse } from './connected.ts';
import { versions } from './versions.ts';

const recorder = recordSpans();

async function only(): Promise<RecordedSpan> {
  const [span] = await recorder.take(1);
  return span!;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of stream);
}

describe.each(versions)('%s', (_name, openai) => {
  const response = {
    id: 'resp-1',
    object: 'response',
    model: 'gpt-5-2026-01-01',
    status: 'completed',
    output: [
      { type: 'reasoning', summary: [] },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'It is s3cr3t.', annotations: [] }],
      },
      { type: 'function_call', call_id: 'call-1', name: 'look_up', arguments: '{"of":"s3cr3t"}' },
    ],
    usage: {
      input_tokens: 7,
      output_tokens: 9,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens_details: { reasoning_tokens: 2 },
    },
  };
  const request = { model: 'gpt-5', input: 'What is the s3cr3t?', instructions: 'Be brief.' };
  const usage = {
    'gen_ai.usage.input_tokens': 7,
    'gen_ai.usage.output_tokens': 9,
    'gen_ai.usage.cache_read.input_tokens': 3,
    'gen_ai.usage.reasoning.output_tokens': 2,
  };
  const events = (last: object) =>
    sse(
      [
        {
          type: 'response.created',
          response: { ...response, status: 'in_progress', output: [], usage: null },
        },
        { type: 'response.output_text.delta', delta: 's3cr3t' },
        last,
      ]
        .map((event) => `data: ${JSON.stringify(event)}\n\n`)
        .join(''),
    );

  test('the Responses API has its usage and status', async () => {
    const text = await connected(openai, [json(response)], (client) => client.responses.create(request));
    expect(text.output_text).toBe('It is s3cr3t.');
    const span = await only();
    expect(span.name).toBe('chat gpt-5');
    expect(span.attributes).toMatchObject({
      ...usage,
      'gen_ai.response.id': 'resp-1',
      'gen_ai.response.finish_reasons': ['completed'],
    });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('a stream of the Responses API ends with its last event', async () => {
    await connected(openai, [events({ type: 'response.completed', response })], async (client) =>
      readAll(await client.responses.create({ ...request, stream: true })),
    );
    expect((await only()).attributes).toMatchObject({ ...usage, 'gen_ai.request.stream': true });
  });

  test('a response that failed is an error without its message', async () => {
    const failed = { ...response, status: 'failed', error: { code: 'server_error', message: 's3cr3t' } };
    await connected(openai, [events({ type: 'response.failed', response: failed })], async (client) =>
      readAll(await client.responses.create({ ...request, stream: true })),
    );
    const span = await only();
    expect(span.attributes['error.type']).toBe('server_error');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('with captureContent, images in messages and in outputs of functions are not recorded', async () => {
    const parts = [
      { type: 'input_text' as const, text: 'one' },
      { type: 'input_image' as const, image_url: 'data:image/png;base64,s3cr3t', detail: 'low' as const },
    ];
    const input = [
      { role: 'user' as const, content: parts },
      { type: 'function_call_output' as const, call_id: 'call-1', output: parts as unknown as string },
    ];
    await connected(openai, [json(response)], (client) => client.responses.create({ ...request, input }), {
      captureContent: true,
    });
    const kept = [{ type: 'text', content: 'one' }, { type: 'input_image' }];
    expect(JSON.parse((await only()).attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'user', parts: kept },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'call-1', response: kept }] },
    ]);
  });

  test('with captureContent, reasoning has its text, and items without a text have no part with an empty text', async () => {
    const output = [
      { type: 'reasoning', summary: [] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Heroines first.' }] },
      { type: 'web_search_call', id: 's3cr3t', status: 'completed' },
    ];
    await connected(
      openai,
      [json({ ...response, output })],
      (client) => client.responses.create({ ...request, input: 'Who?' }),
      { captureContent: true },
    );
    expect(JSON.parse((await only()).attributes['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'Heroines first.' }] },
      { role: 'assistant', parts: [{ type: 'web_search_call' }] },
    ]);
  });

  test('content for which redactContent returns a promise is not recorded', async () => {
    await connected(openai, [json(response)], (client) => client.responses.create(request), {
      captureContent: true,
      redactContent: async (content: unknown, kind: string) => {
        if (kind === 'input') throw new Error('the hook failed');
        return content;
      },
    });
    const { attributes } = await only();
    for (const key of ['gen_ai.system_instructions', 'gen_ai.input.messages', 'gen_ai.output.messages'])
      expect(attributes).not.toHaveProperty([key]);
  });

  test('redactContent decides what is recorded, and content for which it throws is not', async () => {
    await connected(openai, [json(response)], (client) => client.responses.create(request), {
      captureContent: true,
      redactContent: (content: unknown, kind: string) => {
        if (kind === 'input') throw new Error('the hook failed');
        return kind === 'output' ? undefined : JSON.parse(JSON.stringify(content).replace('brief', '…'));
      },
    });
    const { attributes } = await only();
    expect(attributes['gen_ai.system_instructions']).toBe('[{"type":"text","content":"Be …."}]');
    expect(attributes).not.toHaveProperty(['gen_ai.input.messages']);
    expect(attributes).not.toHaveProperty(['gen_ai.output.messages']);
  });
});
