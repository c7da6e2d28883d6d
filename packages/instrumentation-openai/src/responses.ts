import {
  type GenAiMessage,
  type GenAiPart,
  type GenAiReader,
  type GenAiRequest,
  type GenAiResponse,
  genAi,
} from '@clew/core/plugin';
import type { Body } from './patch-openai.ts';

/** An item of the input or output of a response: a message, a call of a function or its output. */
interface Item {
  readonly type?: unknown;
  readonly role?: unknown;
  readonly content?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly output?: unknown;
  /** Of a reasoning item; empty unless the request asks for it. */
  readonly summary?: readonly { readonly text?: unknown }[];
}

/** The result of the Responses API. */
interface Result {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly status?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown } | null;
  readonly incomplete_details?: { readonly reason?: unknown } | null;
  readonly output?: readonly Item[];
  readonly usage?: {
    readonly input_tokens?: unknown;
    readonly output_tokens?: unknown;
    readonly input_tokens_details?: { readonly cached_tokens?: unknown };
    readonly output_tokens_details?: { readonly reasoning_tokens?: unknown };
  } | null;
}

/** An event of a stream; the first and the last ones contain the response. */
interface Event {
  readonly type?: unknown;
  readonly response?: Result;
}

/** Describes the body of a request to the Responses API. */
export function responseRequest(body: Body): Pick<GenAiRequest, 'operation' | 'parameters' | 'input'> {
  const { input, instructions } = body;
  return {
    operation: 'chat',
    parameters: { max_tokens: body.max_output_tokens, temperature: body.temperature, top_p: body.top_p },
    input: () => ({
      instructions: typeof instructions === 'string' ? [{ type: 'text', content: instructions }] : undefined,
      messages: Array.isArray(input)
        ? input.map(messageOf).filter(({ parts }) => parts.length > 0)
        : [{ role: 'user', parts: [{ type: 'text', content: input }] }],
    }),
  };
}

/** Reads responses. */
export const responseReader: GenAiReader<Result, Event> = {
  result: responseOf,
  collector() {
    let last: Result = {};
    return {
      add(event) {
        if (event.response !== undefined) last = event.response;
      },
      response: () => responseOf(last),
    };
  },
};

function responseOf(result: Result): GenAiResponse {
  const { id, model, status, error, incomplete_details, output = [], usage } = result;
  return {
    id,
    model,
    finishReasons: [incomplete_details?.reason ?? status],
    usage: {
      inputTokens: usage?.input_tokens,
      outputTokens: usage?.output_tokens,
      cacheReadTokens: usage?.input_tokens_details?.cached_tokens,
      reasoningTokens: usage?.output_tokens_details?.reasoning_tokens,
    },
    ...(status === 'failed' && {
      failure: Object.assign(new Error(String(error?.message)), { code: error?.code }),
    }),
    output: () => output.map(messageOf).filter(({ parts }) => parts.length > 0),
  };
}

function messageOf(item: Item): GenAiMessage {
  const { type, role, content, call_id, name, arguments: given, output } = item;
  if (type === 'reasoning') return { role: 'assistant', parts: reasoningParts(item) };
  if (type === 'function_call')
    return { role: 'assistant', parts: [{ type: 'tool_call', id: call_id, name, arguments: given }] };
  if (type === 'function_call_output')
    return {
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: call_id, response: genAi.toolResponse(output) }],
    };
  // A call of a tool of the service, or a reference to an earlier item: only its type is recorded.
  if (content === undefined) return { role: String(role ?? 'assistant'), parts: [{ type: String(type) }] };
  return { role: String(role ?? 'assistant'), parts: genAi.contentParts(content) };
}

/** The text of the reasoning, or its summary; an item with neither has no parts. */
function reasoningParts({ content, summary }: Item): GenAiPart[] {
  const texts = Array.isArray(content) && content.length > 0 ? content : (summary ?? []);
  return genAi.contentParts(texts).map((part) => ({ ...part, type: 'reasoning' }));
}
