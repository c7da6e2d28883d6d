import { createOpenAI } from '@ai-sdk/openai';
import { type SdkTransport, sdkFetch } from '@clew/testing';
import * as ai7 from 'ai';
import * as ai70 from 'ai70';

/** The newest version, whose types the tests use for all versions. */
export type Ai = typeof ai7;

/** The oldest and the newest version. */
export const versions: readonly (readonly [name: string, module: Ai])[] = [
  ['ai 7.0.0', ai70 as unknown as Ai],
  ['ai 7', ai7],
];

export const usage = {
  prompt_tokens: 20,
  completion_tokens: 10,
  total_tokens: 30,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 4 },
};
const head = { id: 'chat-1', model: 'gpt-5-2026-01-01', created: 1 };

/** A chat completion with a message. */
export function completionOf(message: object, finish_reason = 'stop') {
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, finish_reason, message: { role: 'assistant', ...message } }],
    usage,
  };
}

/** A chat completion that calls tools by their names. */
export function toolCallsOf(...names: readonly string[]) {
  const tool_calls = names.map((name, index) => ({
    id: `call-${index}`,
    type: 'function',
    function: { name, arguments: '{"city":"s3cr3t"}' },
  }));
  return completionOf({ content: null, tool_calls }, 'tool_calls');
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;

/** The text of a chunk of a chat completion. */
export function chunkOf(content: string, finish_reason: string | null = null): string {
  return event({ ...head, choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason }] });
}

/** The text of the last chunks. */
export const lastChunks = `${chunkOf('', 'stop')}${event({ ...head, choices: [], usage })}data: [DONE]\n\n`;

/** A model whose requests are sent with the given function. */
export function modelOf(transport: SdkTransport) {
  return modelWith(
    sdkFetch(transport, {
      result: completionOf({ content: 'It is s3cr3t.' }),
      failure: { error: { message: 'The prompt "s3cr3t" is refused', code: 'refused', type: 'invalid' } },
      chunk: (index) => chunkOf(`s3cr3t ${index}`),
      lastChunk: lastChunks,
    }),
  );
}

/** A model with a `fetch`. */
export function modelWith(fetch: typeof globalThis.fetch) {
  return createOpenAI({ apiKey: 'sk-s3cr3t', baseURL: 'http://llm.example:8080/v1', fetch }).chat('gpt-5');
}
