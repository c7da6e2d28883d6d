import type { GenAiRequest } from '@clew/core/plugin';

/** What the plugin reads from the input of a command that calls a model. */
export interface ModelRequest extends Pick<GenAiRequest, 'operation' | 'parameters' | 'input'> {
  /** The ID or ARN of the guardrail. */
  readonly guardrail: unknown;
}
