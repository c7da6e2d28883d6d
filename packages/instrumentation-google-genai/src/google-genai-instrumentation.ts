import { defineInstrumentation, type GenAiOptions, genAi, type Tools } from '@clew/core/plugin';
import { contentReader, inputOf, type Request } from './contents.ts';

declare const __VERSION__: string;

interface Models {
  readonly apiClient: { isVertexAI(): boolean; getBaseUrl(): string };
}

type Send = (this: Models, ...args: [request?: Request]) => Promise<object>;

/** The methods that send one request each; the client calls them again for each round of automatic function calls. */
const METHODS = {
  generateContentInternal: { operation: 'generate_content', stream: false },
  generateContentStreamInternal: { operation: 'generate_content', stream: true },
  embedContentInternal: { operation: 'embeddings', stream: false },
} as const;

/**
 * Traces requests of Google's client to Gemini and Vertex AI: a span for each request for content or embeddings, which
 * ends with its result or with the end of its stream.
 *
 * @example
 * init({ instrumentations: [new GoogleGenaiInstrumentation({ captureContent: true, redactContent: withoutNames })] });
 */
export const GoogleGenaiInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-google-genai',
  version: __VERSION__,
  options: genAi.options,
  targets: [{ module: '@google/genai', versions: ['>=1.1 <4'], patch }],
});

export type GoogleGenaiInstrumentation = InstanceType<typeof GoogleGenaiInstrumentation>;

function patch(moduleExports: unknown, tools: Tools<GenAiOptions>): void {
  const { Models } = moduleExports as { readonly Models: { readonly prototype: object } };
  for (const [name, { operation, stream }] of Object.entries(METHODS)) {
    tools.wrap<Send>(
      Models.prototype,
      // Older releases send embeddings in the method that the application calls.
      name in Models.prototype ? name : name.replace('Internal', ''),
      (send) =>
        function (...args) {
          const request: Request = args[0] ?? {};
          const config = request.config ?? {};
          const traced = genAi.startCall(tools, () => ({
            provider: this.apiClient.isVertexAI() ? 'gcp.vertex_ai' : 'gcp.gemini',
            operation,
            model: request.model,
            baseUrl: this.apiClient.getBaseUrl(),
            stream,
            parameters: {
              max_tokens: config.maxOutputTokens,
              temperature: config.temperature,
              top_p: config.topP,
              top_k: config.topK,
              frequency_penalty: config.frequencyPenalty,
              presence_penalty: config.presencePenalty,
              seed: config.seed,
              stop_sequences: config.stopSequences,
            },
            input: operation === 'embeddings' ? undefined : () => inputOf(request),
            signal: config.abortSignal,
          }));
          if (traced === undefined) return send.apply(this, args);
          const { call } = traced;
          return call.settle(
            call.run(() => send.apply(this, args)),
            (result) => traced.deliver(result, contentReader, { signal: config.abortSignal }),
          );
        },
    );
  }
}
