/** How an API streams a text: the text of its events. */
export interface ModelFormat {
  /** The events with a part of the text. The first ones contain the head of the response. */
  chunk(text: string, index: number): string;
  /** The events after the last part. */
  readonly end: string;
  /** An event that is not JSON. */
  readonly malformed: string;
  /** The body of a response that refuses a request. */
  readonly refusal: object;
}

const MALFORMED = 'data: {"s3cr3t": \n\n';
const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const events = (...values: readonly { readonly type: string }[]) =>
  values.map((value) => `event: ${value.type}\n${data(value)}`).join('');

const completion = { id: 'chat-1', model: 'gpt-5-2026-01-01', created: 1 };
const usage = {
  prompt_tokens: 20,
  completion_tokens: 10,
  total_tokens: 30,
};
const choice = (content: string, finish_reason: string | null = null) =>
  data({ ...completion, choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason }] });

const openai: ModelFormat = {
  chunk: (text) => choice(text),
  end: `${choice('', 'stop')}${data({ ...completion, choices: [], usage })}data: [DONE]\n\n`,
  malformed: MALFORMED,
  refusal: { error: { message: 'the s3cr3t', code: 'rate_limit_exceeded', type: 'requests' } },
};

const message = {
  id: 'msg-1',
  type: 'message',
  role: 'assistant',
  model: 'claude-5-20260101',
  content: [],
  stop_reason: null,
  usage: { input_tokens: 20, output_tokens: 1 },
};

const anthropic: ModelFormat = {
  chunk: (text, index) => {
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } };
    const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
    return index === 0 ? events({ type: 'message_start', message } as never, block, delta) : events(delta);
  },
  end: events(
    { type: 'content_block_stop', index: 0 } as never,
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } } as never,
    { type: 'message_stop' },
  ),
  malformed: `event: content_block_delta\n${MALFORMED}`,
  refusal: { type: 'error', error: { type: 'rate_limit_error', message: 'the s3cr3t' } },
};

const contents = (text: string, more: object = {}) =>
  `data: ${JSON.stringify({
    responseId: 'response-1',
    modelVersion: 'gemini-3-001',
    candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...more }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 10 },
  })}\r\n\r\n`;

const google: ModelFormat = {
  chunk: (text) => contents(text),
  end: contents('', { finishReason: 'STOP' }),
  malformed: MALFORMED,
  refusal: { error: { code: 429, message: 'the s3cr3t', status: 'RESOURCE_EXHAUSTED' } },
};

/** The format of the API that has this path. */
export function formatOf(path: string): ModelFormat {
  if (path.endsWith('/messages')) return anthropic;
  return path.includes(':streamGenerateContent') ? google : openai;
}

/** A chat completion that is not streamed. Without the result of a tool in the request, it calls each of the given tools. */
export function completionFor(request: {
  readonly tools?: readonly Tool[];
  readonly messages: readonly Role[];
}) {
  const { tools = [], messages } = request;
  const isCalled = tools.length > 0 && !messages.some(({ role }) => role === 'tool');
  const tool_calls = tools.map(({ function: { name } }, index) => ({
    id: `call-${index}`,
    type: 'function',
    function: { name, arguments: '{"city":"the city of s3cr3t"}' },
  }));
  const answer = isCalled ? { content: null, tool_calls } : { content: 'One s3cr3t two.' };
  const finish_reason = isCalled ? 'tool_calls' : 'stop';
  return {
    ...completion,
    choices: [{ index: 0, finish_reason, message: { role: 'assistant', ...answer } }],
    usage,
  };
}

interface Tool {
  readonly function: { readonly name: string };
}

interface Role {
  readonly role: string;
}
