// The AI SDK and the plugin for undici with a server that resets, refuses and hangs.
// The AI SDK and the plugin for undici with a server that resets, refuses and hangs.

import { recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { versions } from '../../packages/instrumentation-ai/test/versions.ts';
import { aiSetup, incomplete, readAll, toolsOf } from './ai-calls.ts';
import type { Behaviour } from './model-server.ts';

const recorder = recordSpans();
const { base, enable, server } = aiSetup();

describe.each(versions)('%s: failures', (_name, ai) => {
  const stream = (behaviour: Behaviour, more: object = {}) => ai.streamText({ ...base(behaviour), ...more });

  test('a request that the server refuses: the chat and the agent fail, each with one exception', async () => {
    enable();
    const tools = toolsOf(ai, () => 'unused');
    await expect(ai.generateText({ ...base('refuses'), tools })).rejects.toThrow();
    await readAll(stream('refuses', { tools }).textStream);
    const spans = await recorder.take(6);
    for (const { name, status, events } of spans) {
      expect(status.code).toBe(SpanStatusCode.ERROR);
      if (name !== 'POST') expect(events.filter((event) => event.name === 'exception')).toHaveLength(1);
    }
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('each attempt of a retried call is a chat span', async () => {
    enable();
    await ai.generateText({ ...base('busy'), maxRetries: 1 });
    const spans = await recorder.take(4);
    expect(spans.filter(({ name }) => name === 'chat gpt-5').map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
  });

  test.each<Behaviour>(['resets', 'malformed'])(
    'a stream that breaks (%s): the chat fails with one exception, and the agent ends',
    async (behaviour) => {
      enable();
      await readAll(stream(behaviour, { tools: toolsOf(ai, () => 'unused') }).textStream).catch(() => {});
      const [agent, chat] = await recorder.take(3);
      expect(agent!.name).toBe('invoke_agent');
      expect(chat!.status.code).toBe(SpanStatusCode.ERROR);
      expect(chat!.events.filter((event) => event.name === 'exception')).toHaveLength(1);
      expect(incomplete(chat!)).toBeUndefined();
      expect(JSON.stringify([agent, chat])).not.toContain('s3cr3t');
    },
  );

  test('an abort after the first chunk: the chat and the agent are cancelled', async () => {
    enable();
    const aborting = new AbortController();
    const more = { tools: toolsOf(ai, () => 'unused'), abortSignal: aborting.signal };
    const consume = async () => {
      for await (const _chunk of stream('hangs', more).textStream) aborting.abort();
    };
    await consume().catch(() => {});
    const spans = await recorder.take(3);
    for (const span of spans) expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.slice(0, 2).map(incomplete)).toEqual(['cancelled', 'cancelled']);
  });

  test('a consumer that leaves the loop early: the chat ends when the connection closes, because the SDK reads on until then', async () => {
    enable();
    for await (const _chunk of stream('hangs', { tools: toolsOf(ai, () => 'unused') }).textStream) break;
    expect(recorder.open().map(({ name }) => name)).toEqual(['invoke_agent', 'chat gpt-5', 'POST']);
    server().breakOpen();
    const [agent, chat] = await recorder.take(3);
    expect(chat!.status.code).toBe(SpanStatusCode.ERROR);
    expect(agent!.name).toBe('invoke_agent');
  });
});
