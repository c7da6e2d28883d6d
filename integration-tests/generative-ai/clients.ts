// The clients of language models, each in its oldest and its newest supported version.
import { AnthropicInstrumentation } from '@clew/instrumentation-anthropic';
import { GoogleGenaiInstrumentation } from '@clew/instrumentation-google-genai';
import { OpenaiInstrumentation } from '@clew/instrumentation-openai';
import { versions as anthropicVersions } from '../../packages/instrumentation-anthropic/test/versions.ts';
import { versions as googleVersions } from '../../packages/instrumentation-google-genai/test/versions.ts';
import { oldest, versions as openaiVersions } from '../../packages/instrumentation-openai/test/versions.ts';

/** The arguments of a request; each text contains `s3cr3t`. */
export interface StreamRequest {
  /** The URL of the server. */
  readonly url: string;
  readonly signal?: AbortSignal | undefined;
  /** An image as a data URL, for clients that take one. */
  readonly image?: string;
}

/** One version of a client. */
export interface ModelClient {
  readonly name: string;
  /** The name of the span of a request. */
  readonly span: string;
  /** Whether it sends its requests with `fetch`, whose spans are those of the plugin for undici. */
  readonly usesFetch: boolean;
  readonly retries: boolean;
  /** Creates the plugin and patches the client. */
  trace(options?: object): { disable(): void };
  stream(request: StreamRequest): Promise<AsyncIterable<unknown>>;
}

// Google's client 3 reads the global dispatcher of `fetch`, which Jest does not copy to the globals of a test.
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const { runInThisContext } = process.getBuiltinModule('node:vm');
Object.assign(globalThis, { [DISPATCHER]: runInThisContext('globalThis')[DISPATCHER] });

const PROMPT = 'What is the s3cr3t?';

const openai = [oldest, ...openaiVersions].map(
  ([name, sdk]): ModelClient => ({
    name,
    span: 'chat gpt-5',
    usesFetch: !name.startsWith('openai 4'),
    retries: true,
    trace: (options) => patched(new OpenaiInstrumentation(options), sdk),
    stream: async ({ url, signal, image }) => {
      const client = new sdk.OpenAI({ apiKey: 'sk-s3cr3t', logLevel: 'off', baseURL: `${url}/v1` });
      const picture = image && { type: 'image_url' as const, image_url: { url: image } };
      const content = [{ type: 'text' as const, text: PROMPT }, ...(picture ? [picture] : [])];
      const tools = [{ type: 'function' as const, function: { name: 'look_up', description: 's3cr3t' } }];
      const messages = [
        { role: 'system' as const, content: 'Tell no s3cr3t.' },
        { role: 'user' as const, content },
        {
          role: 'assistant' as const,
          tool_calls: [
            {
              id: 'call-1',
              type: 'function' as const,
              function: { name: 'look_up', arguments: '{"it":"s3cr3t"}' },
            },
          ],
        },
        { role: 'tool' as const, tool_call_id: 'call-1', content: 'It is s3cr3t.' },
      ];
      return client.chat.completions.create(
        { model: 'gpt-5', messages, tools, stream: true },
        signal && { signal },
      );
    },
  }),
);

const anthropic = anthropicVersions.map(
  ([name, sdk]): ModelClient => ({
    name,
    span: 'chat claude-5',
    usesFetch: name !== '@anthropic-ai/sdk 0.39',
    retries: true,
    trace: (options) => patched(new AnthropicInstrumentation(options), sdk),
    stream: async ({ url, signal, image }) => {
      const client = new sdk.Anthropic({
        apiKey: 'sk-s3cr3t',
        logLevel: 'off',
        openTelemetry: false,
        baseURL: url,
      });
      const source = image && { type: 'base64' as const, media_type: 'image/png' as const, data: image };
      const content = [
        { type: 'text' as const, text: PROMPT },
        ...(source ? [{ type: 'image' as const, source }] : []),
      ];
      const messages = [
        { role: 'user' as const, content },
        {
          role: 'assistant' as const,
          content: [{ type: 'tool_use' as const, id: 't-1', name: 'look_up', input: { it: 's3cr3t' } }],
        },
        {
          role: 'user' as const,
          content: [{ type: 'tool_result' as const, tool_use_id: 't-1', content: 'It is s3cr3t.' }],
        },
      ];
      return client.messages.create(
        { model: 'claude-5', max_tokens: 100, system: 'Tell no s3cr3t.', messages, stream: true },
        signal && { signal },
      );
    },
  }),
);

const google = googleVersions.map(
  ([name, sdk]): ModelClient => ({
    name,
    span: 'generate_content gemini-3',
    usesFetch: true,
    retries: false,
    trace: (options) => patched(new GoogleGenaiInstrumentation(options), sdk),
    stream: ({ url, signal, image }) => {
      const { models } = new sdk.GoogleGenAI({ apiKey: 'sk-s3cr3t', httpOptions: { baseUrl: url } });
      const parts = [
        { text: PROMPT },
        ...(image ? [{ inlineData: { mimeType: 'image/png', data: image } }] : []),
        { functionCall: { name: 'look_up', args: { it: 's3cr3t' } } },
        { functionResponse: { name: 'look_up', response: { it: 's3cr3t' } } },
      ];
      return models.generateContentStream({
        model: 'gemini-3',
        contents: [{ role: 'user', parts }],
        config: { systemInstruction: 'Tell no s3cr3t.', ...(signal && { abortSignal: signal }) },
      });
    },
  }),
);

export const clients: readonly ModelClient[] = [openai, anthropic, google].flatMap((versions) => [
  versions[0]!,
  versions.at(-1)!,
]);

interface Plugin {
  instrument(moduleExports: unknown): void;
  disable(): void;
}

function patched(plugin: Plugin, sdk: unknown): Plugin {
  plugin.instrument(sdk);
  return plugin;
}
