import type { GenAiPart, GenAiUsage } from './gen-ai-request.ts';

const MAX_ITEMS = 128;

/**
 * Returns the index of a choice, a block or a call of a tool in a chunk; 0 if the chunk has none. Returns `undefined` for
 * anything but an integer in [0, 127]: a list with a large index takes too much time and memory.
 */
export function itemIndex(index: unknown): number | undefined {
  const number = index ?? 0;
  const isIndex = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < MAX_ITEMS;
  return isIndex ? number : undefined;
}

/**
 * Returns the parts of a message's content, which is a text or a list of parts. Only text is kept: of images, audio and
 * files, only the type is.
 */
export function contentParts(content: unknown): GenAiPart[] {
  if (!Array.isArray(content)) return [{ type: 'text', content }];
  return content.map((part) => {
    const { type, text, refusal } = Object(part) as Readonly<Record<string, unknown>>;
    const shown = text ?? refusal;
    return typeof shown === 'string' ? { type: 'text', content: shown } : { type: String(type) };
  });
}

/** Returns what a tool returned: a text, or parts of which only the text is kept. See {@link contentParts}. */
export function toolResponse(content: unknown): unknown {
  return Array.isArray(content) ? contentParts(content) : content;
}

/**
 * Returns the usage of an API that does not count the tokens of a cache as input tokens; the conventions count them as both.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/anthropic/
 */
export function usageWithCache(usage: GenAiUsage): GenAiUsage {
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const count = (tokens: unknown) => (typeof tokens === 'number' ? tokens : 0);
  if (typeof inputTokens !== 'number') return usage;
  return { ...usage, inputTokens: inputTokens + count(cacheReadTokens) + count(cacheWriteTokens) };
}
