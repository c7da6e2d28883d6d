import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '../semconv.ts';
import type { GenAiRequest, GenAiResponse } from './gen-ai-request.ts';

/** The attributes of one request. Parameters of an unexpected type are not recorded. */
export function requestAttributes({ stream, parameters = {} }: GenAiRequest): Attributes {
  const attributes: Attributes = {};
  if (stream === true) attributes[ATTR.genAiRequestStream] = true;
  for (const [name, value] of Object.entries(parameters)) {
    const list = typeof value === 'string' ? [value] : value;
    if (typeof list === 'number' || isStrings(list)) attributes[`${ATTR.genAiRequest}${name}`] = list;
  }
  return attributes;
}

/** The attributes of a response. */
export function responseAttributes({ id, model, finishReasons = [], usage = {} }: GenAiResponse): Attributes {
  const attributes: Attributes = {};
  if (typeof id === 'string') attributes[ATTR.genAiResponseId] = id;
  if (typeof model === 'string') attributes[ATTR.genAiResponseModel] = model;
  const reasons: string[] = [];
  for (const reason of finishReasons) if (typeof reason === 'string') reasons.push(reason);
  if (reasons.length > 0) attributes[ATTR.genAiResponseFinishReasons] = reasons;
  for (const [key, count] of [
    [ATTR.genAiUsageInputTokens, usage.inputTokens],
    [ATTR.genAiUsageOutputTokens, usage.outputTokens],
    [ATTR.genAiUsageCacheReadInputTokens, usage.cacheReadTokens],
    [ATTR.genAiUsageCacheCreationInputTokens, usage.cacheWriteTokens],
    [ATTR.genAiUsageReasoningOutputTokens, usage.reasoningTokens],
  ] as const) {
    if (typeof count === 'number') attributes[key] = count;
  }
  return attributes;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
