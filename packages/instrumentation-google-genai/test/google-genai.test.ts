// The plugin passes the suite for clients with all supported versions of Google's client.
import { join } from 'node:path';
import { clientSuite, manifestSuite, sdkFetch } from '@clew/testing';
import { GoogleGenaiInstrumentation } from '../src/index.ts';
import { chunkOf, result, versions } from './versions.ts';

manifestSuite(join(__dirname, '..'), { GoogleGenaiInstrumentation });

for (const [name, genai] of versions) {
  const isOldest = name === '@google/genai 1.1';
  clientSuite({
    name,
    span: {
      name: 'generate_content gemini-3',
      attributes: {
        'gen_ai.operation.name': 'generate_content',
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.request.model': 'gemini-3',
        'gen_ai.request.max_tokens': 100,
        ...(!isOldest && { 'gen_ai.response.id': 'response-1' }),
        'gen_ai.response.model': 'gemini-3-001',
        'gen_ai.response.finish_reasons': ['STOP'],
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 9,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.usage.reasoning.output_tokens': 2,
        'server.address': 'llm.example',
        'server.port': 8080,
      },
    },
    firstChunkAttribute: 'gen_ai.response.time_to_first_chunk',
    failureType: isOldest ? 'ClientError' : 'ApiError',
    lacks: {
      tee: 'streams are generators',
      pages: 'lists are not requests to a model',
      callWithToken: 'the client has a key',
      lazy: 'the client sends its request at once',
      refused: 'the client reports all errors by its promise',
    },
    instrument: (options) => {
      const plugin = new GoogleGenaiInstrumentation(options);
      plugin.instrument(genai);
      return plugin;
    },
    functions: () => {
      const { prototype } = genai.Models as unknown as { prototype: Record<string, () => unknown> };
      const embed = 'embedContentInternal' in prototype ? 'embedContentInternal' : 'embedContent';
      return ['generateContentInternal', 'generateContentStreamInternal', embed].map(
        (method) => prototype[method]!,
      );
    },
    open: async (transport) => {
      const { fetch: original } = globalThis;
      globalThis.fetch = sdkFetch(transport, {
        result,
        failure: { error: { code: 400, message: 'the s3cr3t is refused', status: 'INVALID_ARGUMENT' } },
        chunk: (index) => chunkOf(`s3cr3t ${index}`),
      });
      const { models } = new genai.GoogleGenAI({
        apiKey: 's3cr3t',
        httpOptions: { baseUrl: 'http://llm.example:8080' },
      });
      const request = (signal?: AbortSignal) => ({
        model: 'gemini-3',
        contents: 'What is the s3cr3t?',
        config: { maxOutputTokens: 100, ...(signal && { abortSignal: signal }) },
      });
      return {
        call: (options) => models.generateContent(request(options?.signal)),
        stream: (options) => models.generateContentStream(request(options?.signal)),
        close: async () => {
          globalThis.fetch = original;
        },
      };
    },
  });
}
