// The plugin passes the suite for clients with all supported versions of OpenAI's client.
import { join } from 'node:path';
import { clientSuite, manifestSuite } from '@clew/testing';
import { OpenaiInstrumentation } from '../src/index.ts';
import { clientOf, oldest, versions } from './versions.ts';

manifestSuite(join(__dirname, '..'), { OpenaiInstrumentation });

const messages = [{ role: 'user' as const, content: 'What is the s3cr3t?' }];

for (const [name, openai] of [oldest, ...versions]) {
  clientSuite({
    name,
    span: {
      name: 'chat gpt-5',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.request.temperature': 0.5,
        'gen_ai.response.id': 'chat-1',
        'gen_ai.response.model': 'gpt-5-2026-01-01',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 20,
        'gen_ai.usage.output_tokens': 10,
        'gen_ai.usage.cache_read.input_tokens': 8,
        'gen_ai.usage.reasoning.output_tokens': 4,
        'server.address': 'llm.example',
        'server.port': 8080,
      },
    },
    firstChunkAttribute: 'gen_ai.response.time_to_first_chunk',
    failureType: 'refused',
    retries: true,
    lacks: {
      ...(openai === oldest[1] && { tee: 'the first releases of 4 cannot split streams' }),
      pages: 'lists are not requests to a model',
      callWithToken: 'the client has a key',
      lazy: 'the client sends its request at once',
      refused: 'the client reports all errors by its promise',
    },
    instrument: (options) => {
      const plugin = new OpenaiInstrumentation(options);
      plugin.instrument(openai);
      return plugin;
    },
    functions: () => {
      const { Chat, Completions, Embeddings, Responses } = openai.OpenAI;
      // The first releases of 4 lack the last one.
      const resources = [Chat.Completions, Completions, Embeddings, Responses].filter(Boolean);
      return resources.map(({ prototype }) => prototype.create);
    },
    open: async (transport) => {
      const { completions } = clientOf(openai, transport).chat;
      const body = { model: 'gpt-5', messages, temperature: 0.5 };
      return {
        call: (options) => completions.create(body, options),
        stream: (options) => completions.create({ ...body, stream: true }, options),
        tee: (stream) => (stream as unknown as { tee(): AsyncIterable<unknown>[] }).tee(),
      };
    },
  });
}
