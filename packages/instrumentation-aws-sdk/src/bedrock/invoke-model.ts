import {
  type GenAiMessage,
  type GenAiReader,
  type GenAiResponse,
  type GenAiUsage,
  genAi,
} from '@clew/core/plugin';
import { type Fields, isRecord, textOf } from '../sdk.ts';
import { joined, messageOf, partsOf, recordOf } from './content-parts.ts';
import { usageOf } from './converse.ts';
import { bodyOf, firstOf } from './model-body.ts';
import type { ModelRequest } from './model-request.ts';

/**
 * Describes the input of InvokeModel and InvokeModelWithResponseStream. Each model has a format of its own; its members
 * are found by the names that the models use, because the ID of an inference profile does not name the model.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
export function invokeRequest(input: Fields): ModelRequest {
  const body = bodyOf(input.body);
  const settings = { ...body, ...recordOf(body.textGenerationConfig), ...recordOf(body.inferenceConfig) };
  const prompt = firstOf(body, 'prompt', 'inputText', 'message');
  const operation = operationOf(input.modelId, body, prompt);
  return {
    operation,
    parameters: {
      max_tokens: firstOf(settings, ...MAX_TOKENS),
      temperature: settings.temperature,
      top_p: firstOf(settings, 'top_p', 'topP', 'p'),
      top_k: firstOf(settings, 'top_k', 'topK', 'k'),
      frequency_penalty: settings.frequency_penalty,
      presence_penalty: settings.presence_penalty,
      seed: settings.seed,
      stop_sequences: firstOf(settings, 'stop_sequences', 'stopSequences', 'stop'),
    },
    guardrail: input.guardrailIdentifier,
    input: () => ({
      instructions: partsOf(body.system),
      messages: Array.isArray(body.messages)
        ? body.messages.map(messageOf)
        : operation !== 'embeddings' && typeof prompt === 'string'
          ? [{ role: 'user', parts: partsOf(prompt) }]
          : undefined,
    }),
  };
}

const MAX_TOKENS = [
  'max_tokens',
  'max_completion_tokens',
  'max_tokens_to_sample',
  'max_gen_len',
  'maxTokenCount',
  'maxTokens',
  'max_new_tokens',
];

function operationOf(modelId: unknown, body: Fields, prompt: unknown): string {
  if (textOf(modelId)?.includes('embed')) return 'embeddings';
  if (Array.isArray(body.messages) || typeof body.message === 'string') return 'chat';
  return typeof prompt === 'string' ? 'text_completion' : 'generate_content';
}

/** Reads the bodies of results, and the chunks of streams. */
export const invokeReader: GenAiReader<Fields, Fields> = {
  result: ({ body }) => responseOf(bodyOf(body)),
  collector(withContent) {
    let known: Fields = {};
    return {
      add({ chunk }) {
        for (const piece of piecesOf(bodyOf(recordOf(chunk).bytes)))
          known = merged(known, piece, withContent);
      },
      response: () => responseOf(known),
    };
  },
};

/** The objects in a chunk that may contain a part of the text, the reason of the end or the usage. */
function piecesOf(body: Fields): Fields[] {
  const { message, delta, contentBlockDelta, messageStop, metadata } = body;
  const [item] = itemsOf(body);
  const inner = [message, delta, recordOf(contentBlockDelta).delta, messageStop, metadata, item];
  return [body, ...inner, recordOf(item).delta, body['amazon-bedrock-invocationMetrics']].filter(isRecord);
}

/** The members that {@link responseOf} reads, of all chunks. Text is kept only if it is captured. */
function merged(known: Fields, piece: Fields, withContent: boolean): Fields {
  const result: Record<string, unknown> = { ...known };
  for (const name of KEPT) if (piece[name] != null) result[name] = piece[name];
  if (piece.usage != null) result.usage = { ...recordOf(known.usage), ...numbersOf(recordOf(piece.usage)) };
  if (withContent) result.text = joined(known.text, textIn(piece));
  return result;
}

const REASONS = ['stop_reason', 'stopReason', 'finish_reason', 'completionReason'];
const COUNTS = [
  'prompt_token_count',
  'generation_token_count',
  'inputTextTokenCount',
  'totalOutputTextTokenCount',
  'inputTokenCount',
  'outputTokenCount',
  'cacheReadInputTokenCount',
  'cacheWriteInputTokenCount',
];
const KEPT = ['id', 'model', ...REASONS, ...COUNTS];

/** The last event of some models repeats the usage, with `null` for what it does not know. */
function numbersOf(usage: Fields): Fields {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}

function responseOf(body: Fields): GenAiResponse {
  const items = itemsOf(body);
  const results = items.length === 0 ? [body] : items;
  return {
    id: body.id,
    model: body.model,
    finishReasons: results.map((item) => firstOf(item, ...REASONS)),
    usage: usageIn(body),
    output: () => results.map((item) => outputOf(body, item)).filter(({ parts }) => parts.length > 0),
  };
}

/** The results of a model that returns a list of them. */
function itemsOf(body: Fields): Fields[] {
  const list = firstOf(body, 'choices', 'results', 'outputs', 'generations');
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function outputOf(body: Fields, item: Fields): GenAiMessage {
  const message = firstOf(item, 'message') ?? recordOf(body.output).message;
  const content = textIn(item) ?? item.content;
  const reason = textOf(firstOf(item, ...REASONS));
  return {
    ...messageOf(message ?? { role: 'assistant', content }),
    ...(reason !== undefined && { finish_reason: reason }),
  };
}

function textIn(piece: Fields): string | undefined {
  const text = firstOf(piece, 'text', 'outputText', 'generation', 'completion', 'content');
  return typeof text === 'string' ? text : undefined;
}

function usageIn(body: Fields): GenAiUsage {
  const usage = recordOf(body.usage);
  if (usage.prompt_tokens !== undefined)
    return {
      inputTokens: usage.prompt_tokens,
      outputTokens: usage.completion_tokens,
      cacheReadTokens: recordOf(usage.prompt_tokens_details).cached_tokens,
    };
  if (usage.inputTokens !== undefined) return usageOf(usage);
  if (usage.input_tokens !== undefined)
    return genAi.usageWithCache({
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      cacheReadTokens: usage.cache_read_input_tokens,
      cacheWriteTokens: usage.cache_creation_input_tokens,
    });
  const [first = {}] = itemsOf(body);
  return genAi.usageWithCache({
    inputTokens: firstOf(body, 'prompt_token_count', 'inputTextTokenCount', 'inputTokenCount'),
    outputTokens:
      firstOf(body, 'generation_token_count', 'totalOutputTextTokenCount', 'outputTokenCount') ??
      first.tokenCount,
    cacheReadTokens: body.cacheReadInputTokenCount,
    cacheWriteTokens: body.cacheWriteInputTokenCount,
  });
}
