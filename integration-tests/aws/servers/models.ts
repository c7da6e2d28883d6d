import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { encodeEvent } from './event-stream.ts';

const USAGE = {
  inputTokens: 7,
  outputTokens: 5,
  totalTokens: 42,
  cacheReadInputTokens: 20,
  cacheWriteInputTokens: 10,
};

/** The response of Bedrock's Converse. Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export function converse(): unknown {
  return {
    output: { message: { role: 'assistant', content: [{ text: 'One two.' }] } },
    stopReason: 'end_turn',
    usage: USAGE,
    metrics: { latencyMs: 3 },
  };
}

/** What happens after the first two chunks of a stream. */
export type StreamEnd = 'complete' | 'reset' | 'hang' | 'throttle';

/** Streams the response of ConverseStream. */
export function converseStream(response: ServerResponse, end: StreamEnd): void {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const write = (type: string, payload: unknown) => response.write(encodeEvent(type, payload));
  write('messageStart', { role: 'assistant' });
  write('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'One' } });
  if (end === 'hang') return;
  // The reset comes after what was written, not instead of it.
  if (end === 'reset') {
    setImmediate(() => response.destroy());
    return;
  }
  if (end === 'throttle') {
    response.end(encodeEvent('throttlingException', { message: 'Too many tokens' }, 'exception'));
    return;
  }
  write('contentBlockDelta', { contentBlockIndex: 0, delta: { text: ' two.' } });
  write('contentBlockStop', { contentBlockIndex: 0 });
  write('contentBlockStart', {
    contentBlockIndex: 1,
    start: { toolUse: { toolUseId: 'tool-1', name: 'count' } },
  });
  write('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"to":' } } });
  write('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '2}' } } });
  write('contentBlockStop', { contentBlockIndex: 1 });
  write('messageStop', { stopReason: 'end_turn' });
  write('metadata', { usage: USAGE, metrics: { latencyMs: 3 } });
  response.end();
}

/** Streams the given bodies as the chunks of InvokeModelWithResponseStream. */
export function invokeStream(response: ServerResponse, chunks: readonly unknown[]): void {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  for (const chunk of chunks) {
    const bytes = Buffer.from(JSON.stringify(chunk)).toString('base64');
    response.write(encodeEvent('chunk', { bytes }));
  }
  response.end();
}
