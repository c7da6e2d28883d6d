import {
  type GenAiInput,
  type GenAiMessage,
  type GenAiPart,
  type GenAiReader,
  type GenAiResponse,
  genAi,
} from '@clew/core/plugin';

interface Part {
  readonly text?: unknown;
  readonly thought?: unknown;
  readonly functionCall?: { readonly id?: unknown; readonly name?: unknown; readonly args?: unknown };
  readonly functionResponse?: { readonly id?: unknown; readonly name?: unknown; readonly response?: unknown };
  readonly inlineData?: unknown;
  readonly fileData?: unknown;
  readonly executableCode?: unknown;
  readonly codeExecutionResult?: unknown;
}

interface Content {
  readonly role?: unknown;
  readonly parts?: readonly Part[];
}

interface Candidate {
  readonly index?: number;
  readonly content?: Content;
  readonly finishReason?: unknown;
}

/** A response or a chunk of a stream; for embeddings without candidates. */
interface Response {
  readonly responseId?: unknown;
  readonly modelVersion?: unknown;
  readonly candidates?: readonly Candidate[];
  readonly usageMetadata?: Usage;
}

interface Usage {
  readonly promptTokenCount?: unknown;
  readonly candidatesTokenCount?: unknown;
  readonly cachedContentTokenCount?: unknown;
  readonly thoughtsTokenCount?: unknown;
}

/** The parameters of a request. */
export interface Request {
  readonly model?: unknown;
  readonly contents?: unknown;
  readonly config?: Readonly<Record<string, unknown>> & { readonly abortSignal?: AbortSignal };
}

/** Returns the content of a request in the format of the conventions. */
export function inputOf({ contents, config = {} }: Request): GenAiInput {
  const { systemInstruction } = config;
  return {
    instructions: systemInstruction === undefined ? undefined : messagesOf(systemInstruction)[0]?.parts,
    messages: messagesOf(contents),
  };
}

/** Reads responses and the chunks of streams. */
export const contentReader: GenAiReader<Response, Response> = {
  result: responseOf,
  collector(withContent) {
    let last: Response = {};
    const candidates: Candidate[] = [];
    return {
      add(chunk) {
        const { responseId, modelVersion, usageMetadata } = chunk;
        last = {
          responseId: responseId ?? last.responseId,
          modelVersion: modelVersion ?? last.modelVersion,
          ...((usageMetadata ?? last.usageMetadata) && {
            usageMetadata: usageMetadata ?? last.usageMetadata,
          }),
        } as Response;
        for (const candidate of chunk.candidates ?? []) merge(candidates, candidate, withContent);
      },
      response: () => responseOf({ ...last, candidates }),
    };
  },
};

/** Adds a chunk's candidate to the whole ones. Content is kept only if it is captured. */
function merge(candidates: Candidate[], chunk: Candidate, withContent: boolean): void {
  const index = genAi.itemIndex(chunk.index);
  if (index === undefined) return;
  const { finishReason, content } = candidates[index] ?? {};
  candidates[index] = {
    finishReason: chunk.finishReason ?? finishReason,
    ...(withContent && {
      content: { role: 'model', parts: [...(content?.parts ?? []), ...(chunk.content?.parts ?? [])] },
    }),
  };
}

function responseOf(response: Response): GenAiResponse {
  const { responseId, modelVersion, candidates = [], usageMetadata: usage = {} } = response;
  const { candidatesTokenCount: answer, thoughtsTokenCount: thoughts } = usage;
  return {
    id: responseId,
    model: modelVersion,
    finishReasons: candidates.map(({ finishReason }) => finishReason),
    usage: {
      inputTokens: usage.promptTokenCount,
      // The API counts thoughts separately; the conventions count them as output tokens, too.
      outputTokens: typeof answer === 'number' && typeof thoughts === 'number' ? answer + thoughts : answer,
      cacheReadTokens: usage.cachedContentTokenCount,
      reasoningTokens: thoughts,
    },
    output: () =>
      candidates.map(({ content, finishReason }) => ({
        ...messageOf(content ?? {}),
        ...(typeof finishReason === 'string' && { finish_reason: finishReason }),
      })),
  };
}

/** Contents are a text, a part, a content, or a list of these. */
function messagesOf(contents: unknown): GenAiMessage[] {
  const list: readonly unknown[] = Array.isArray(contents) ? contents : [contents];
  return list.map((each) => {
    if (typeof each === 'string') return { role: 'user', parts: [{ type: 'text', content: each }] };
    const content = each as Content & Part;
    return Array.isArray(content?.parts) ? messageOf(content) : messageOf({ role: 'user', parts: [content] });
  });
}

function messageOf({ role, parts = [] }: Content): GenAiMessage {
  return { role: role === 'model' ? 'assistant' : String(role ?? 'user'), parts: parts.map(partOf) };
}

/** Of data of images and files, and of code that the service runs, only the type is recorded. */
function partOf(part: Part): GenAiPart {
  const { text, thought, functionCall, functionResponse } = part;
  if (functionCall !== undefined) {
    const { id, name, args } = functionCall;
    return { type: 'tool_call', id, name, arguments: args };
  }
  if (functionResponse !== undefined) {
    const { id, name, response } = functionResponse;
    return { type: 'tool_call_response', id, name, response };
  }
  if (text === undefined) return { type: typeOfData(part) };
  return { type: thought === true ? 'reasoning' : 'text', content: text };
}

/** `blob` and `uri` are the types of the conventions; any other part has the name that the API gives it. */
function typeOfData({ inlineData, fileData, executableCode, codeExecutionResult }: Part): string {
  if (inlineData !== undefined) return 'blob';
  if (fileData !== undefined) return 'uri';
  if (executableCode !== undefined) return 'executable_code';
  return codeExecutionResult === undefined ? 'unknown' : 'code_execution_result';
}
