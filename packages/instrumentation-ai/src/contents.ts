import type { GenAiInput, GenAiMessage, GenAiPart } from '@clew/core/plugin';
import { type Event, fieldsOf, type Part } from './events.ts';

/** Returns the input of a call of a model in the format of the conventions. */
export function inputOf({ instructions, messages }: Event): GenAiInput {
  return {
    instructions: instructions === undefined ? undefined : instructionsOf(instructions),
    messages: Array.isArray(messages) ? messages.map(messageOf) : undefined,
  };
}

/** Instructions are a text, a message or a list of messages. */
function instructionsOf(instructions: unknown): GenAiPart[] {
  const list: readonly unknown[] = Array.isArray(instructions) ? instructions : [instructions];
  return list.map((each) => ({
    type: 'text',
    content: typeof each === 'string' ? each : fieldsOf(each).content,
  }));
}

function messageOf(message: unknown): GenAiMessage {
  const { role, content } = fieldsOf(message);
  return { role: String(role), parts: partsOf(content) };
}

/** Returns the parts of a message or of a result. */
export function partsOf(content: unknown): GenAiPart[] {
  if (!Array.isArray(content)) return [{ type: 'text', content }];
  return content.map((part) => partOf(fieldsOf(part)));
}

/** Of images and files, only the type is recorded. */
function partOf(part: Part): GenAiPart {
  const { type, text, toolCallId: id, toolName: name, input, output, result } = part;
  if (type === 'tool-call') return { type: 'tool_call', id, name, arguments: argumentsOf(input) };
  if (type === 'tool-result')
    return { type: 'tool_call_response', id, name, response: responseOf(output ?? result) };
  return type === 'text' || type === 'reasoning' ? { type, content: text } : { type: String(type) };
}

/** A model returns the arguments as JSON, in a text. */
function argumentsOf(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

/** What a tool returned: `{ type: 'json', value }`, or parts, of which only the text is kept. */
function responseOf(output: unknown): unknown {
  const { type, value } = fieldsOf(output);
  if (type === undefined) return output;
  return Array.isArray(value) && type === 'content' ? partsOf(value) : value;
}
