import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { AiInstrumentation } from '@clew/instrumentation-ai';
import { UndiciInstrumentation } from '@clew/instrumentation-undici';
import type { RecordedSpan } from '@clew/testing';
import { z } from 'zod';
import type { Ai } from '../../packages/instrumentation-ai/test/versions.ts';
import { type Behaviour, startModelServer } from './model-server.ts';

/** The plugins, and a server whose models the AI SDK calls, for the tests of one file. */
export function aiSetup() {
  let server: Awaited<ReturnType<typeof startModelServer>>;
  let plugins: { disable(): void }[] = [];
  let requests = 0;

  beforeAll(async () => {
    server = await startModelServer();
  });
  afterAll(() => server.close());
  afterEach(() => {
    for (const plugin of plugins) plugin.disable();
    plugins = [];
  });

  function modelOf(behaviour: Behaviour) {
    const baseURL = `${server.urlOf(behaviour, `request-${requests++}`)}/v1`;
    return createOpenAI({ apiKey: 'sk-s3cr3t', baseURL }).chat('gpt-5');
  }

  return {
    /** The server that is running. */
    server: () => server,
    enable(options: object = {}): void {
      plugins = [new AiInstrumentation(options), new UndiciInstrumentation()];
    },
    /** The options of a call to a model of this behaviour. */
    base: (behaviour: Behaviour) => ({
      model: modelOf(behaviour),
      prompt: 'What is the s3cr3t?',
      maxRetries: 0,
      onError() {},
    }),
    embeddingModel() {
      const baseURL = `${server.urlOf('normal')}/v1`;
      return createOpenAICompatible({ name: 'local', apiKey: 'sk-s3cr3t', baseURL }).embeddingModel('e-1');
    },
  };
}

/** One tool, `weather`. */
export const toolsOf = (ai: Ai, execute: (input: { city: string }) => unknown) => ({
  weather: ai.tool({
    description: 'Returns the s3cr3t weather.',
    inputSchema: z.object({ city: z.string() }),
    execute,
  }),
});

/** Reads a stream to its end. */
export async function readAll(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of stream);
}

/** The spans as `parent > name`, in the order of their starts. */
export function treeOf(spans: readonly RecordedSpan[]): string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId }) => `${names.get(parentSpanId ?? '') ?? 'none'} > ${name}`);
}

/** How the call of a span ended before its response was complete. */
export const incomplete = ({ attributes }: RecordedSpan) => attributes['clew.client.incomplete'];
