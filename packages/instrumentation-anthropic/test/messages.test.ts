// What the plugin reads from messages, and what it never records.
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { AnthropicInstrumentation } from '../src/index.ts';
import {
  type AnthropicModule,
  type Client,
  chunkOf,
  eventsOf,
  lastChunks,
  message,
  versions,
} from './versions.ts';

const recorder = recordSpans();
const request = {
  model: 'claude-5',
  max_tokens: 100,
  system: 'Be brief.',
  messages: [{ role: 'user' as const, content: 'What is the s3cr3t?' }],
};

async function connected<T>(
  sdk: AnthropicModule,
  response: () => Response,
  work: (client: Client) => Promise<T>,
  options: object = {},
): Promise<T> {
  const plugin = new AnthropicInstrumentation(options);
  plugin.instrument(sdk);
  const client = new sdk.Anthropic({
    apiKey: 'sk-s3cr3t',
    logLevel: 'off',
    maxRetries: 0,
    fetch: async () => response(),
  });
  try {
    return await work(client);
  } finally {
    plugin.disable();
  }
}

const sse = (text: string) => () => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

async function only(): Promise<RecordedSpan> {
  const [span] = await recorder.take(1);
  return span!;
}

async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _event of stream);
}

describe.each(versions)('%s', (_name, sdk) => {
  test('a stream has the usage of its first and its last event', async () => {
    await connected(sdk, sse(`${chunkOf('s3cr3t', 0)}${lastChunks}`), async (client) =>
      readAll(await client.messages.create({ ...request, stream: true })),
    );
    const span = await only();
    expect(span.attributes).toMatchObject({
      'gen_ai.response.id': 'msg-1',
      'gen_ai.response.finish_reasons': ['end_turn'],
      'gen_ai.usage.input_tokens': 16,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cache_read.input_tokens': 4,
    });
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('the helper stream() is one call', async () => {
    await connected(sdk, sse(`${chunkOf('yes', 0)}${lastChunks}`), async (client) => {
      expect(await client.messages.stream(request).finalText()).toBe('yes');
    });
    expect((await only()).attributes['gen_ai.response.finish_reasons']).toEqual(['end_turn']);
  });

  test('the beta is traced, and its helper is one call, too', async () => {
    await connected(sdk, sse(`${chunkOf('yes', 0)}${lastChunks}`), async (client) => {
      expect(await client.beta.messages.stream(request).finalText()).toBe('yes');
    });
    expect((await only()).name).toBe('chat claude-5');
  });

  test('a stream that reports an error is a failure without its message', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'the s3cr3t' } };
    await connected(sdk, sse(`${chunkOf('one', 0)}${eventsOf(error)}`), async (client) => {
      const stream = await client.messages.create({ ...request, stream: true });
      await expect(readAll(stream)).rejects.toThrow('s3cr3t');
    });
    const span = await only();
    expect(typeof span.attributes['error.type']).toBe('string');
    expect(JSON.stringify(span)).not.toContain('s3cr3t');
  });

  test('with captureContent, messages, thoughts and tools are recorded in the format of the conventions', async () => {
    const events = eventsOf(
      {
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 't-1', name: 'look_up' },
      } as {
        type: string;
      },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: '{"of":"it"}' },
      } as {
        type: string;
      },
    );
    await connected(
      sdk,
      sse(`${chunkOf('One', 0)}${chunkOf(' two.')}${events}${lastChunks}`),
      async (client) => readAll(await client.messages.create({ ...request, stream: true })),
      { captureContent: true },
    );
    const { attributes } = await only();
    expect(JSON.parse(attributes['gen_ai.system_instructions'] as string)).toEqual([
      { type: 'text', content: 'Be brief.' },
    ]);
    expect(JSON.parse(attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'What is the s3cr3t?' }] },
    ]);
    expect(JSON.parse(attributes['gen_ai.output.messages'] as string)).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'One two.' },
          { type: 'tool_call', id: 't-1', name: 'look_up', arguments: '{"of":"it"}' },
        ],
        finish_reason: 'end_turn',
      },
    ]);
  });

  test('blocks with an index that is too large are ignored', async () => {
    const block = {
      type: 'content_block_start',
      index: 30_000_000,
      content_block: { type: 'text', text: '' },
    };
    await connected(
      sdk,
      sse(`${chunkOf('yes', 0)}${eventsOf(block)}${lastChunks}`),
      async (client) => readAll(await client.messages.create({ ...request, stream: true })),
      { captureContent: true },
    );
    expect(JSON.parse((await only()).attributes['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'yes' }], finish_reason: 'end_turn' },
    ]);
  });

  test('with captureContent, images in results of tools are not recorded, only their types', async () => {
    const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 's3cr3t' };
    const result = {
      type: 'tool_result' as const,
      tool_use_id: 't-1',
      content: [
        { type: 'text' as const, text: 'one' },
        { type: 'image' as const, source },
      ],
    };
    await connected(
      sdk,
      () => Response.json(message),
      (client) =>
        client.messages.create({ ...request, messages: [{ role: 'user' as const, content: [result] }] }),
      { captureContent: true },
    );
    const response = [{ type: 'text', content: 'one' }, { type: 'image' }];
    expect(JSON.parse((await only()).attributes['gen_ai.input.messages'] as string)).toEqual([
      { role: 'user', parts: [{ type: 'tool_call_response', id: 't-1', response }] },
    ]);
  });
});

test('a frozen client with its own tracing is traced', async () => {
  const [, sdk] = versions[2]!;
  const freeze = async (client: Client) => Object.freeze(client).messages.create(request);
  expect((await connected(sdk, () => Response.json(message), freeze)).id).toBe('msg-1');
  const names = (await recorder.take(2)).map(({ name }) => name);
  expect(names).toContain('chat claude-5');
});

test("the client's own tracing adds no second span, and works while the plugin is disabled", async () => {
  const [, sdk] = versions[2]!;
  const response = () => Response.json(message);
  await connected(sdk, response, (client) => client.messages.create(request));
  expect((await only()).name).toBe('chat claude-5');
  const client = new sdk.Anthropic({ apiKey: 'key', fetch: async () => response() });
  await client.messages.create(request);
  expect((await only()).scope.name).toContain('com.anthropic.sdk');
});
