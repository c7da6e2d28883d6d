// The plugin passes the suite for clients with the supported versions of Anthropic's client.
import { join } from 'node:path';
import { clientSuite, manifestSuite } from '@clew/testing';
import { AnthropicInstrumentation } from '../src/index.ts';
import { clientOf, versions } from './versions.ts';

manifestSuite(join(__dirname, '..'), { AnthropicInstrumentation });

for (const [name, sdk] of versions) {
  clientSuite({
    name,
    span: {
      name: 'chat claude-5',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-5',
        'gen_ai.request.max_tokens': 100,
        'gen_ai.response.id': 'msg-1',
        'gen_ai.response.model': 'claude-5-20260101',
        'gen_ai.response.finish_reasons': ['end_turn'],
        'gen_ai.usage.input_tokens': 16,
        'gen_ai.usage.output_tokens': 7,
        'gen_ai.usage.cache_read.input_tokens': 4,
        'gen_ai.usage.cache_creation.input_tokens': 2,
        'server.address': 'llm.example',
        'server.port': 8080,
      },
    },
    firstChunkAttribute: 'gen_ai.response.time_to_first_chunk',
    failureType: 'BadRequestError',
    retries: true,
    lacks: {
      pages: 'lists are not requests to a model',
      callWithToken: 'the client has a key',
      lazy: 'the client sends its request at once',
      refused: 'the client reports all errors by its promise',
    },
    instrument: (options) => {
      const plugin = new AnthropicInstrumentation(options);
      plugin.instrument(sdk);
      return plugin;
    },
    functions: () => [sdk.Anthropic.Messages.prototype.create],
    open: async (transport) => {
      const { messages } = clientOf(sdk, transport);
      const body = {
        model: 'claude-5',
        max_tokens: 100,
        messages: [{ role: 'user' as const, content: 'What is the s3cr3t?' }],
      };
      return {
        call: (options) => messages.create(body, options),
        stream: (options) => messages.create({ ...body, stream: true }, options),
        tee: (stream) => (stream as unknown as { tee(): AsyncIterable<unknown>[] }).tee(),
      };
    },
  });
}
