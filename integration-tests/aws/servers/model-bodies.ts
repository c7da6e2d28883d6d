/** What the requests, results and streams contain that no span may have unless content is captured. */
export const SECRET = 's3cr3t';

const usage = (input: number, output: number, read?: number, write?: number) => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output,
  ...(read !== undefined && { 'gen_ai.usage.cache_read.input_tokens': read }),
  ...(write !== undefined && { 'gen_ai.usage.cache_creation.input_tokens': write }),
});
const messages = [{ role: 'user', content: SECRET }];

/**
 * Of each family of models: the ID, the body of a request, that of its result, those of the chunks of its stream, and the
 * attributes that are expected of both. Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
export const modelBodies = [
  [
    'anthropic.claude-3-haiku-20240307-v1:0',
    { messages, system: SECRET, max_tokens: 9, top_k: 3, stop_sequences: ['END'] },
    {
      id: 'msg-1',
      model: 'claude',
      role: 'assistant',
      content: [{ type: 'text', text: SECRET }],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: 1,
        output_tokens: 2,
        cache_read_input_tokens: 3,
        cache_creation_input_tokens: 4,
      },
    },
    [
      {
        type: 'message_start',
        message: {
          id: 'msg-1',
          model: 'claude',
          content: [],
          usage: {
            input_tokens: 1,
            output_tokens: 1,
            cache_read_input_tokens: 3,
            cache_creation_input_tokens: 4,
          },
        },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: SECRET } },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn' },
        usage: { output_tokens: 2, input_tokens: null },
      },
    ],
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.top_k': 3,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.id': 'msg-1',
      'gen_ai.response.model': 'claude',
      'gen_ai.response.finish_reasons': ['end_turn'],
      ...usage(8, 2, 3, 4),
    },
  ],
  [
    'amazon.nova-micro-v1:0',
    { messages: [{ role: 'user', content: [{ text: SECRET }] }], inferenceConfig: { maxTokens: 9 } },
    {
      output: { message: { role: 'assistant', content: [{ text: SECRET }] } },
      stopReason: 'max_tokens',
      usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokenCount: 3, cacheWriteInputTokenCount: 0 },
    },
    [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: SECRET } } },
      { messageStop: { stopReason: 'max_tokens' } },
      {
        metadata: {
          usage: {
            inputTokens: 1,
            outputTokens: 2,
            cacheReadInputTokenCount: 3,
            cacheWriteInputTokenCount: 0,
          },
        },
      },
    ],
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.response.finish_reasons': ['max_tokens'],
      ...usage(4, 2, 3, 0),
    },
  ],
  [
    'amazon.titan-text-express-v1',
    { inputText: SECRET, textGenerationConfig: { maxTokenCount: 9, topP: 0.5 } },
    { inputTextTokenCount: 1, results: [{ tokenCount: 2, outputText: SECRET, completionReason: 'FINISH' }] },
    [
      {
        outputText: SECRET,
        index: 0,
        inputTextTokenCount: 1,
        totalOutputTextTokenCount: 2,
        completionReason: 'FINISH',
      },
    ],
    {
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.request.top_p': 0.5,
      'gen_ai.response.finish_reasons': ['FINISH'],
      ...usage(1, 2),
    },
  ],
  [
    'meta.llama3-8b-instruct-v1:0',
    { prompt: SECRET, max_gen_len: 9 },
    { generation: SECRET, prompt_token_count: 1, generation_token_count: 2, stop_reason: 'stop' },
    [
      { generation: SECRET.slice(0, 2), prompt_token_count: 1, generation_token_count: 1, stop_reason: null },
      {
        generation: SECRET.slice(2),
        prompt_token_count: null,
        generation_token_count: 2,
        stop_reason: 'stop',
      },
    ],
    {
      'gen_ai.operation.name': 'text_completion',
      'gen_ai.response.finish_reasons': ['stop'],
      ...usage(1, 2),
    },
  ],
  [
    'mistral.mistral-7b-instruct-v0:2',
    { prompt: SECRET, max_tokens: 9 },
    { outputs: [{ text: SECRET, stop_reason: 'length' }] },
    [
      { outputs: [{ text: SECRET, stop_reason: null }] },
      {
        outputs: [{ text: '', stop_reason: 'length' }],
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 1, outputTokenCount: 2 },
      },
    ],
    { 'gen_ai.operation.name': 'text_completion', 'gen_ai.response.finish_reasons': ['length'] },
  ],
  [
    'cohere.command-r-v1:0',
    { message: SECRET, max_tokens: 9, p: 0.5, k: 3 },
    { text: SECRET, finish_reason: 'COMPLETE' },
    [
      { text: SECRET, is_finished: false },
      {
        finish_reason: 'COMPLETE',
        is_finished: true,
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 1, outputTokenCount: 2 },
      },
    ],
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.top_p': 0.5,
      'gen_ai.request.top_k': 3,
      'gen_ai.response.finish_reasons': ['COMPLETE'],
    },
  ],
  [
    'openai.gpt-oss-20b-1:0',
    { messages, max_completion_tokens: 9 },
    {
      id: 'chat-1',
      choices: [{ index: 0, message: { role: 'assistant', content: SECRET }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } },
    },
    [
      { id: 'chat-1', choices: [{ index: 0, delta: { content: SECRET }, finish_reason: null }] },
      { id: 'chat-1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      {
        id: 'chat-1',
        choices: [],
        usage: { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 3 } },
      },
    ],
    {
      'gen_ai.operation.name': 'chat',
      'gen_ai.response.id': 'chat-1',
      'gen_ai.response.finish_reasons': ['stop'],
      ...usage(5, 2, 3),
    },
  ],
] as const;
