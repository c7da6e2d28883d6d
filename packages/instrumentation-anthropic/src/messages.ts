import {
  type GenAiInput,
  type GenAiMessage,
  type GenAiPart,
  type GenAiReader,
  type GenAiResponse,
  type GenAiUsage,
  genAi,
} from '@clew/core/plugin';

/** The body of a request, as far as the plugin reads it. */
export type Body = Readonly<Record<string, unknown>>;

/** A part of the content of a message. */
interface Block {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly thinking?: unknown;
  readonly id?: unknown;
  readonly name?: unknown;
  readonly input?: unknown;
  readonly tool_use_id?: unknown;
  readonly content?: unknown;
}

interface Usage {
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
}

interface Message {
  readonly id?: unknown;
  readonly model?: unknown;
  readonly role?: unknown;
  readonly content?: unknown;
  readonly stop_reason?: unknown;
  readonly usage?: Usage;
}

/** An event of a stream. */
interface StreamEvent {
  readonly type?: unknown;
  readonly message?: Message;
  readonly index?: number;
  readonly content_block?: Block;
  readonly delta?: {
    readonly stop_reason?: unknown;
    readonly text?: unknown;
    readonly thinking?: unknown;
    readonly partial_json?: unknown;
  };
  readonly usage?: Usage;
}

/** Returns the content of a request in the format of the conventions. */
export function inputOf({ system, messages }: Body): GenAiInput {
  return {
    instructions: system === undefined ? undefined : partsOf(system),
    messages: Array.isArray(messages) ? messages.map(messageOf) : undefined,
  };
}

/** Reads messages, and the events of their streams. */
export const messageReader: GenAiReader<Message, StreamEvent> = {
  result: responseOf,
  collector(withContent) {
    let message: Message = {};
    const blocks: Block[] = [];
    return {
      add(event) {
        if (event.message !== undefined) message = { ...event.message, content: undefined };
        if (event.type === 'message_delta') {
          const usage = { ...message.usage, ...known(event.usage) };
          message = { ...message, usage, stop_reason: event.delta?.stop_reason };
        }
        if (withContent && event.index !== undefined) addTo(blocks, event);
      },
      response: () => responseOf({ ...message, content: blocks }),
    };
  },
};

/** The last event repeats some of the usage, with `null` for what it does not know. */
function known(usage: Usage = {}): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, count]) => typeof count === 'number'));
}

function addTo(blocks: Block[], { index: given, content_block, delta }: StreamEvent): void {
  const index = genAi.itemIndex(given);
  if (index === undefined) return;
  if (content_block !== undefined) blocks[index] = { ...content_block, input: '' };
  const block = blocks[index];
  if (block === undefined || delta === undefined) return;
  blocks[index] = {
    ...block,
    text: joined(block.text, delta.text),
    thinking: joined(block.thinking, delta.thinking),
    input: joined(block.input, delta.partial_json),
  };
}

function joined(before: unknown, added: unknown): unknown {
  return typeof added === 'string' ? `${before ?? ''}${added}` : before;
}

function responseOf(message: Message): GenAiResponse {
  const { id, model, stop_reason, usage } = message;
  return {
    id,
    model,
    finishReasons: [stop_reason],
    usage: usageOf(usage),
    output: () => [
      { ...messageOf(message), ...(typeof stop_reason === 'string' && { finish_reason: stop_reason }) },
    ],
  };
}

function usageOf(usage: Usage = {}): GenAiUsage {
  return genAi.usageWithCache({
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens,
    cacheWriteTokens: usage.cache_creation_input_tokens,
  });
}

function messageOf({ role, content }: Message): GenAiMessage {
  return { role: String(role ?? 'assistant'), parts: partsOf(content) };
}

function partsOf(content: unknown): GenAiPart[] {
  return Array.isArray(content) ? content.map(partOf) : [{ type: 'text', content }];
}

function partOf(block: Block): GenAiPart {
  const { type, text, thinking, id, name, input, tool_use_id, content } = block;
  if (type === 'tool_use') return { type: 'tool_call', id, name, arguments: input };
  if (type === 'tool_result')
    return { type: 'tool_call_response', id: tool_use_id, response: genAi.toolResponse(content) };
  return type === 'thinking'
    ? { type: 'reasoning', content: thinking }
    : { type: String(type), content: text };
}
