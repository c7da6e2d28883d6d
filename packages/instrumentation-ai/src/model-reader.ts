import type { GenAiMessage, GenAiReader, GenAiResponse, GenAiUsage } from '@clew/core/plugin';
import { partsOf } from './contents.ts';
import type { ModelResult, Part, TotalUsage, Usage } from './events.ts';

/** The parts of a stream that a model has generated. */
const OUTPUT = /^(text-delta|reasoning-delta|tool-input-start|tool-input-delta|tool-call|file)$/;

/** Reads results of models, and the parts of their streams. */
export const modelReader: GenAiReader<ModelResult, Part> = {
  result: responseOf,
  // The first parts of a stream describe the request.
  isOutput: ({ type }) => typeof type === 'string' && OUTPUT.test(type),
  collector(withContent) {
    let result: ModelResult = {};
    let failure: unknown;
    const content = new Map<string, Part>();
    return {
      add(part) {
        const { type, id, modelId, usage, finishReason } = part;
        if (type === 'response-metadata')
          result = {
            ...result,
            response: { id: id ?? result.response?.id, modelId: modelId ?? result.response?.modelId },
          };
        if (type === 'finish')
          result = { ...result, ...(usage && { usage }), ...(finishReason && { finishReason }) };
        // A stream that reports an error ends without one.
        if (type === 'error') failure ??= part.error;
        if (withContent) addTo(content, part);
      },
      response: () => ({ ...responseOf({ ...result, content: [...content.values()] }), failure }),
    };
  },
};

/** A model may generate any number of blocks. */
const MAX_BLOCKS = 128;

function addTo(content: Map<string, Part>, part: Part): void {
  const { type, id, delta } = part;
  const [, kind] = /^(text|reasoning)-delta$/.exec(String(type)) ?? [];
  if (kind !== undefined) {
    const key = `${kind} ${String(id)}`;
    const text = content.get(key)?.text ?? '';
    addBlock(content, key, { type: kind, text: `${text}${String(delta)}` });
  } else if (type === 'tool-call') addBlock(content, `tool ${String(part.toolCallId)}`, part);
  else if (type === 'file') addBlock(content, `file ${content.size}`, { type });
}

function addBlock(content: Map<string, Part>, key: string, block: Part): void {
  if (content.size < MAX_BLOCKS || content.has(key)) content.set(key, block);
}

function responseOf({ content = [], finishReason, usage, response }: ModelResult): GenAiResponse {
  const reason = finishReason?.unified;
  return {
    id: response?.id,
    model: response?.modelId,
    finishReasons: [reason],
    usage: usageOf(usage),
    output: (): GenAiMessage[] => [
      {
        role: 'assistant',
        parts: partsOf(content),
        ...(typeof reason === 'string' && { finish_reason: reason }),
      },
    ],
  };
}

function usageOf({ inputTokens, outputTokens }: Usage = {}): GenAiUsage {
  return {
    inputTokens: inputTokens?.total,
    outputTokens: outputTokens?.total,
    cacheReadTokens: inputTokens?.cacheRead,
    cacheWriteTokens: inputTokens?.cacheWrite,
    reasoningTokens: outputTokens?.reasoning,
  };
}

/** Reads the sum of all steps. */
export function totalUsageOf(usage: TotalUsage = {}): GenAiUsage {
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.inputTokenDetails?.cacheReadTokens,
    cacheWriteTokens: usage.inputTokenDetails?.cacheWriteTokens,
    reasoningTokens: usage.outputTokenDetails?.reasoningTokens,
  };
}

/** Reads results of embeddings. */
export const embeddingReader: GenAiReader<{ readonly usage?: { readonly tokens?: unknown } }, never> = {
  result: ({ usage }) => ({ usage: { inputTokens: usage?.tokens } }),
  collector: () => ({ add() {}, response: () => ({}) }),
};
