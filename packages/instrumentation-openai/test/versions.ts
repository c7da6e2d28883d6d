import { type SdkTransport, sdkFetch } from '@clew/testing';
import * as openai7 from 'openai';
import * as openai4 from 'openai4';
import * as openai5 from 'openai5';
import * as openai6 from 'openai6';
import * as openai40 from 'openai40';

/** The newest version, whose types the tests use for all versions. */
export type Openai = typeof openai7;
export type Client = InstanceType<Openai['OpenAI']>;

/** The oldest supported version, which has only some of the APIs. */
export const oldest = ['openai 4.0.0', openai40 as unknown as Openai] as const;

/** The newest version of each major that is supported. */
export const versions: readonly (readonly [name: string, module: Openai])[] = [
  ['openai 4', openai4 as unknown as Openai],
  ['openai 5', openai5 as unknown as Openai],
  ['openai 6', openai6 as unknown as Openai],
  ['openai 7', openai7],
];

const usage = {
  prompt_tokens: 20,
  completion_tokens: 10,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 4 },
};
const head = { id: 'chat-1', model: 'gpt-5-2026-01-01' };

/** A chat completion. */
export const completion = {
  ...head,
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It is s3cr3t.' } }],
  usage,
};

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;

/** The text of a chunk of a chat completion. */
export function chunkOf(content: string, finish_reason: string | null = null): string {
  return event({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason }],
  });
}

/** The text of the last chunks. */
export const lastChunks = `${chunkOf('', 'stop')}${event({ ...head, choices: [], usage })}data: [DONE]\n\n`;

/** Creates a client that sends its requests with the given function. */
export function clientOf(openai: Openai, transport: SdkTransport): Client {
  return new openai.OpenAI({
    apiKey: 'sk-s3cr3t',
    logLevel: 'off',
    baseURL: 'http://llm.example:8080/v1',
    fetch: sdkFetch(transport, {
      result: completion,
      failure: { error: { message: 'The prompt "s3cr3t" is refused', code: 'refused', type: 'invalid' } },
      chunk: (index) => chunkOf(`s3cr3t ${index}`),
      lastChunk: lastChunks,
    }),
  });
}
