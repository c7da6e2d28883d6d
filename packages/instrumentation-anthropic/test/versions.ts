import * as anthropic1 from '@anthropic-ai/sdk';
import { type SdkTransport, sdkFetch } from '@clew/testing';
import * as anthropic0 from 'anthropic0';
import * as anthropic039 from 'anthropic039';

/** The newest version, whose types the tests use for all versions. */
export type AnthropicModule = typeof anthropic1;
export type Client = InstanceType<AnthropicModule['Anthropic']>;

/** The oldest supported version, the last of major 0, and the newest. */
export const versions: readonly (readonly [name: string, module: AnthropicModule])[] = [
  ['@anthropic-ai/sdk 0.39', anthropic039 as unknown as AnthropicModule],
  ['@anthropic-ai/sdk 0', anthropic0 as unknown as AnthropicModule],
  ['@anthropic-ai/sdk 1', anthropic1],
];

/** A message. */
export const message = {
  id: 'msg-1',
  type: 'message',
  role: 'assistant',
  model: 'claude-5-20260101',
  content: [{ type: 'text', text: 'It is s3cr3t.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 10, output_tokens: 7, cache_read_input_tokens: 4, cache_creation_input_tokens: 2 },
};

/** The text of server-sent events. */
export function eventsOf(...events: readonly { readonly type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

const start = {
  type: 'message_start',
  message: { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } },
};
const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const text = (content: string) => ({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: content },
});

/** The text of the events of a message: with index 0, its start as well. */
export function chunkOf(content: string, index = 1): string {
  return index === 0 ? eventsOf(start, block, text(content)) : eventsOf(text(content));
}

/** The text of the last events. */
export const lastChunks = eventsOf(
  { type: 'content_block_stop', index: 0 } as { type: string },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 7, input_tokens: null },
  } as { type: string },
  { type: 'message_stop' },
);

/** Creates a client that sends its requests with the given function. */
export function clientOf(sdk: AnthropicModule, transport: SdkTransport): Client {
  return new sdk.Anthropic({
    apiKey: 'sk-s3cr3t',
    logLevel: 'off',
    openTelemetry: false,
    baseURL: 'http://llm.example:8080',
    fetch: sdkFetch(transport, {
      result: message,
      failure: { type: 'error', error: { type: 'invalid_request_error', message: 'the s3cr3t is refused' } },
      chunk: (index) => chunkOf(`s3cr3t ${index}`, index),
      lastChunk: lastChunks,
    }),
  });
}
