import { type GenAiReader, type GenAiResponse, type GenAiUsage, genAi } from '@clew/core/plugin';
import type { Fields } from '../sdk.ts';
import { joined, messageOf, partsOf, recordOf } from './content-parts.ts';
import type { ModelRequest } from './model-request.ts';

/** Describes the input of Converse and ConverseStream. */
export function converseRequest(input: Fields): ModelRequest {
  const { maxTokens, temperature, topP, stopSequences } = recordOf(input.inferenceConfig);
  const { top_k, topK } = recordOf(input.additionalModelRequestFields);
  return {
    operation: 'chat',
    parameters: {
      max_tokens: maxTokens,
      temperature,
      top_p: topP,
      top_k: top_k ?? topK,
      stop_sequences: stopSequences,
    },
    guardrail: recordOf(input.guardrailConfig).guardrailIdentifier,
    input: () => ({
      instructions: partsOf(input.system),
      messages: Array.isArray(input.messages) ? input.messages.map(messageOf) : undefined,
    }),
  };
}

/**
 * Reads the output of Converse, and the events of ConverseStream.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
 */
export const converseReader: GenAiReader<Fields, Fields> = {
  result: responseOf,
  collector(withContent) {
    let output: Fields = {};
    const blocks: Fields[] = [];
    return {
      add({ messageStop, metadata, contentBlockStart, contentBlockDelta }) {
        if (messageStop !== undefined) output = { ...output, ...recordOf(messageStop) };
        if (metadata !== undefined) output = { ...output, ...recordOf(metadata) };
        if (withContent) addTo(blocks, recordOf(contentBlockStart ?? contentBlockDelta));
      },
      response: () =>
        responseOf({
          ...output,
          output: { message: { role: 'assistant', content: blocks.filter(Boolean) } },
        }),
    };
  },
};

function responseOf(result: Fields): GenAiResponse {
  const { output, stopReason, usage, trace } = result;
  return {
    // A router chooses the model.
    model: recordOf(recordOf(trace).promptRouter).invokedModelId,
    finishReasons: [stopReason],
    usage: usageOf(recordOf(usage)),
    output: () => {
      const message = messageOf(recordOf(output).message);
      return [{ ...message, ...(typeof stopReason === 'string' && { finish_reason: stopReason }) }];
    },
  };
}

/** The usage of Converse, and of Amazon's own models. */
export function usageOf(usage: Fields): GenAiUsage {
  return genAi.usageWithCache({
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount,
    cacheWriteTokens: usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount,
  });
}

function addTo(blocks: Fields[], { contentBlockIndex, start, delta }: Fields): void {
  const index = genAi.itemIndex(contentBlockIndex);
  if (index === undefined || (start === undefined && delta === undefined)) return;
  const block = blocks[index] ?? {};
  const { toolUse: opened } = recordOf(start);
  const { text, toolUse, reasoningContent } = recordOf(delta);
  if (typeof text === 'string') blocks[index] = { text: joined(block.text, text) };
  else if (opened !== undefined) blocks[index] = { toolUse: opened };
  else if (toolUse !== undefined) {
    const before = recordOf(block.toolUse);
    blocks[index] = { toolUse: { ...before, input: joined(before.input, recordOf(toolUse).input) } };
  } else if (reasoningContent !== undefined) {
    const before = recordOf(recordOf(block.reasoningContent).reasoningText);
    const reasoningText = { text: joined(before.text, recordOf(reasoningContent).text) };
    blocks[index] = { reasoningContent: { reasoningText } };
  }
}
