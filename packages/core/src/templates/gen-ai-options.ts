import { type OptionsOf, option } from '../kit/options.ts';
import { clientOptions } from './client-options.ts';

/**
 * Which content is recorded: `gen_ai.system_instructions`, `gen_ai.input.messages`, `gen_ai.output.messages`, and
 * `gen_ai.tool.call.arguments` and `gen_ai.tool.call.result` of the execution of a tool.
 */
export type ContentKind = 'instructions' | 'input' | 'output' | 'arguments' | 'result';

/** The options of every plugin for a client of generative models. */
export const genAiOptions = {
  ...clientOptions,
  /** Whether prompts and responses are recorded; false by default, because they may be secret. */
  captureContent: option.boolean(false),
  /**
   * `(content, kind) => content`, called before content is recorded: returns what is recorded in its place, or `undefined`
   * for nothing. Content for which it throws or returns a promise is not recorded.
   */
  redactContent: option.hook<(content: unknown, kind: ContentKind) => unknown>(),
  /** The maximum length of each recorded content as JSON, in characters; 16,384 by default. Longer content is cut. */
  maxContentLength: option.number(0, 1_048_576, 16_384),
} as const;

/** The values of {@link genAiOptions}. */
export type GenAiOptions = OptionsOf<typeof genAiOptions>;
