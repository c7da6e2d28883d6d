import { type GenAiMessage, type GenAiPart, genAi } from '@clew/core/plugin';
import { type Fields, isRecord } from '../sdk.ts';

/** A message of Converse or of a model's own API, in the format of the conventions. */
export function messageOf(message: unknown): GenAiMessage {
  const { role, content, tool_calls, tool_call_id } = recordOf(message);
  const parts: GenAiPart[] =
    role === 'tool'
      ? [{ type: 'tool_call_response', id: tool_call_id, response: genAi.toolResponse(content) }]
      : partsOf(content);
  return { role: String(role ?? 'assistant'), parts: [...parts, ...callsOf(tool_calls)] };
}

/** The parts of a content: a text or a list of blocks. Only text is kept; of images, files and media, only the type is. */
export function partsOf(content: unknown): GenAiPart[] {
  if (typeof content === 'string') return [{ type: 'text', content }];
  return Array.isArray(content) ? content.map((block) => partOf(recordOf(block))) : [];
}

/** The blocks of some models have a member `type`; those of Converse have one member with the name of the type. */
function partOf(block: Fields): GenAiPart {
  const { type } = block;
  if (typeof type === 'string') return typedPart(type, block);
  const [name = 'unknown'] = Object.keys(block).filter((key) => block[key] !== undefined);
  const value = block[name];
  if (name === 'text') return { type: 'text', content: value };
  const { toolUseId: id, name: tool, input, content, reasoningText } = recordOf(value);
  if (name === 'toolUse') return { type: 'tool_call', id, name: tool, arguments: input };
  if (name === 'toolResult') return { type: 'tool_call_response', id, response: toolResult(content) };
  if (name === 'reasoningContent') return { type: 'reasoning', content: recordOf(reasoningText).text };
  return { type: name };
}

function typedPart(type: string, block: Fields): GenAiPart {
  const { text, thinking, id, name, input, tool_use_id, content } = block;
  if (type === 'tool_use') return { type: 'tool_call', id, name, arguments: input };
  if (type === 'tool_result')
    return { type: 'tool_call_response', id: tool_use_id, response: genAi.toolResponse(content) };
  return type === 'thinking' ? { type: 'reasoning', content: thinking } : { type, content: text };
}

function toolResult(content: unknown): unknown {
  if (!Array.isArray(content)) return undefined;
  return content.map((item) => (isRecord(item) && 'json' in item ? item.json : partOf(recordOf(item))));
}

function callsOf(calls: unknown): GenAiPart[] {
  if (!Array.isArray(calls)) return [];
  return calls.map((call) => {
    const { id, function: called } = recordOf(call);
    const { name, arguments: given } = recordOf(called);
    return { type: 'tool_call', id, name, arguments: given };
  });
}

/** A value with members; an empty one for any other value. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** A text with the next piece of it. */
export function joined(before: unknown, added: unknown): unknown {
  return typeof added === 'string' ? `${before ?? ''}${added}` : before;
}
