import { defineInstrumentation, genAi } from '@clew/core/plugin';
import { patchOpenai } from './patch-openai.ts';

declare const __VERSION__: string;

/**
 * Traces requests of OpenAI's client: a span for each chat completion, response, completion and request for embeddings,
 * which ends with its result or with the end of its stream.
 *
 * @example
 * init({ instrumentations: [new OpenaiInstrumentation({ captureContent: true, redactContent: withoutNames })] });
 */
export const OpenaiInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-openai',
  version: __VERSION__,
  options: genAi.options,
  targets: [{ module: 'openai', versions: ['>=4 <8'], patch: patchOpenai }],
});

export type OpenaiInstrumentation = InstanceType<typeof OpenaiInstrumentation>;
