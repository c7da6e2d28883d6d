import {
  type GenAiMessage,
  type GenAiPart,
  type GenAiReader,
  type GenAiRequest,
  type GenAiResponse,
  type GenAiUsage,
  genAi,
} from '@clew/core/plugin';
import type { Body } from './patch-openai.ts';

interface ToolCall {
  readonly index?: number;
  readonly id?: unknown;
  readonly function?: { readonly name?: unknown; readonly arguments?: unknown };
}

interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
  readonly refusal?: unknown;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: unknown;
}

interface Choice {
  readonly index?: number;
  readonly finish_reason?: unknown;
  /** Of a chat completion. */
  readonly message?: Message;
  /** Of a chunk of a chat completion. */
  readonly delta?: Message;
  /** Of a completion or its chunk. */
  readonly text?: unknown;
}

interface Usage {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly prompt_tokens_details?: { readonly cached_tokens?: unknown } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
}

/** A chat completion, a completion, embeddings, or a chunk of one of the first two. */
interface Result {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly Choice[];
  readonly usage?: Usage | null;
}

/** Describes the body of a chat completion or a completion. */
export function chatRequest(body: Body): Pick<GenAiRequest, 'operation' | 'parameters' | 'input'> {
  return {
    operation: 'chat',
    parameters: {
      max_tokens: body.max_completion_tokens ?? body.max_tokens,
      temperature: body.temperature,
      top_p: body.top_p,
      frequency_penalty: body.frequency_penalty,
      presence_penalty: body.presence_penalty,
      seed: body.seed,
      stop_sequences: body.stop,
    },
    input: () => ({
      messages: Array.isArray(body.messages)
        ? body.messages.map(messageOf)
        : [{ role: 'user', parts: [{ type: 'text', content: body.prompt }] }],
    }),
  };
}

/** Reads chat completions, completions and embeddings. */
export const chatReader: GenAiReader<Result, Result> = {
  result: responseOf,
  collector(withContent) {
    let last: Result = {};
    const usage: { known?: Usage } = {};
    const choices: Choice[] = [];
    return {
      add(chunk) {
        last = { id: chunk.id || last.id, model: chunk.model || last.model };
        if (chunk.usage) usage.known = chunk.usage;
        for (const choice of chunk.choices ?? []) merge(choices, choice, withContent);
      },
      response: () => responseOf({ ...last, choices, usage: usage.known ?? null }),
    };
  },
};

function responseOf({ id, model, choices = [], usage }: Result): GenAiResponse {
  return {
    id,
    model,
    finishReasons: choices.map((choice) => choice.finish_reason),
    usage: usageOf(usage),
    output: () =>
      choices.map(({ message, text, finish_reason }) => ({
        ...messageOf(message ?? { role: 'assistant', content: text }),
        ...(typeof finish_reason === 'string' && { finish_reason }),
      })),
  };
}

function usageOf(usage: Usage | null | undefined): GenAiUsage {
  return {
    inputTokens: usage?.prompt_tokens,
    outputTokens: usage?.completion_tokens,
    cacheReadTokens: usage?.prompt_tokens_details?.cached_tokens,
    reasoningTokens: usage?.completion_tokens_details?.reasoning_tokens,
  };
}

/** Adds a chunk's choice to the whole choices. Content is kept only if it is captured. */
function merge(choices: Choice[], chunk: Choice, withContent: boolean): void {
  const index = genAi.itemIndex(chunk.index);
  if (index === undefined) return;
  const { message = {}, finish_reason, text } = choices[index] ?? {};
  const { role, content, tool_calls = [] } = chunk.delta ?? {};
  choices[index] = {
    finish_reason: chunk.finish_reason ?? finish_reason,
    ...(withContent && {
      text: joined(text, chunk.text),
      message: {
        role: role ?? message.role ?? 'assistant',
        content: joined(message.content, content ?? chunk.text),
        tool_calls: mergedCalls(message.tool_calls ?? [], tool_calls),
      },
    }),
  };
}

function mergedCalls(known: readonly ToolCall[], added: readonly ToolCall[]): readonly ToolCall[] {
  const calls = [...known];
  for (const { index: given, id, function: called } of added) {
    const index = genAi.itemIndex(given);
    if (index === undefined) continue;
    const { id: knownId, function: before } = calls[index] ?? {};
    calls[index] = {
      id: id ?? knownId,
      function: {
        name: called?.name ?? before?.name,
        arguments: joined(before?.arguments, called?.arguments),
      },
    };
  }
  return calls;
}

function joined(known: unknown, added: unknown): unknown {
  return typeof added === 'string' ? `${known ?? ''}${added}` : known;
}

function messageOf(message: Message): GenAiMessage {
  const { role, content, refusal, tool_calls = [], tool_call_id } = message;
  const parts: GenAiPart[] =
    role === 'tool'
      ? [{ type: 'tool_call_response', id: tool_call_id, response: genAi.toolResponse(content) }]
      : genAi.contentParts(content ?? refusal);
  const calls = tool_calls
    .filter(Boolean)
    .map(({ id, function: called }) => ({ type: 'tool_call', id, ...called }));
  return {
    role: String(role ?? 'user'),
    parts: [...parts.filter((part) => part.content != null || part.type !== 'text'), ...calls],
  };
}
