// The plugin passes the suite for clients with the supported versions of the SDK.
import { join } from 'node:path';
import { clientSuite, manifestSuite } from '@clew/testing';
import { AiInstrumentation } from '../src/index.ts';
import { modelOf, versions } from './versions.ts';

manifestSuite(join(__dirname, '..'), { AiInstrumentation });

const LEFT = 'the SDK keeps reading until the connection closes';

for (const [name, ai] of versions) {
  clientSuite({
    name,
    span: {
      name: 'chat gpt-5',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.request.max_tokens': 100,
        'gen_ai.response.id': 'chat-1',
        'gen_ai.response.model': 'gpt-5-2026-01-01',
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.input_tokens': 20,
        'gen_ai.usage.output_tokens': 10,
        'gen_ai.usage.cache_read.input_tokens': 8,
        'gen_ai.usage.reasoning.output_tokens': 4,
      },
    },
    firstChunkAttribute: 'gen_ai.response.time_to_first_chunk',
    failureType: 'AI_APICallError',
    lacks: {
      tee: 'the SDK splits its streams itself',
      pages: 'there are no lists',
      callWithToken: 'the client has a key',
      lazy: 'a call sends its request at once',
      refused: 'calls report all errors by their promises',
    },
    instrument: (options) => new AiInstrumentation(options),
    functions: 'it listens to a tracing channel',
    skips: {
      // integration-tests/generative-ai tests these ends with a server.
      'a stream that its consumer leaves is not a failure': LEFT,
      'a stream whose consumer throws is not a failure': LEFT,
      'a stream that the application never reads ends when it is garbage': LEFT,
    },
    open: async (transport) => {
      let sent = () => {};
      const request = (signal?: AbortSignal) => ({
        model: modelOf((request) => {
          const reply = transport(request);
          sent();
          return reply;
        }),
        prompt: 'What is the s3cr3t?',
        maxOutputTokens: 100,
        maxRetries: 0,
        onError() {},
        ...(signal && { abortSignal: signal }),
      });
      return {
        // The whole result has the time of the response.
        call: async (options) => (await ai.generateText(request(options?.signal))).text,
        stream: async (options) => {
          // The SDK sends the request later, and does not report when.
          const { promise, resolve } = Promise.withResolvers<void>();
          sent = resolve;
          const { textStream } = ai.streamText(request(options?.signal));
          await promise;
          return textStream;
        },
      };
    },
  });
}
