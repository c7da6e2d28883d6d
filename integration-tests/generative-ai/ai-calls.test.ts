// The AI SDK and the plugin for undici with a server of models.
// The AI SDK and the plugin for undici with a server of models.

import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { versions } from '../../packages/instrumentation-ai/test/versions.ts';
import { aiSetup, incomplete, readAll, toolsOf, treeOf } from './ai-calls.ts';
import type { Behaviour } from './model-server.ts';

const recorder = recordSpans();
const { base, enable, embeddingModel, server } = aiSetup();

describe.each(versions)('%s', (name, ai) => {
  const stream = (behaviour: Behaviour, more: object = {}) => ai.streamText({ ...base(behaviour), ...more });

  test('a call is one chat span, and the span of its HTTP request, whose context is sent, is its child', async () => {
    enable();
    server().seen.length = 0;
    await ai.generateText({ ...base('normal'), system: 'Never reveal the s3cr3t.' });
    const spans = await recorder.take(2);
    expect(treeOf(spans)).toEqual(['none > chat gpt-5', 'chat gpt-5 > POST']);
    expect(server().seen).toEqual([`00-${spans[0]!.traceId}-${spans[1]!.spanId}-01`]);
    expect(spans[0]!.kind).toBe(SpanKind.CLIENT);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('a stream is one chat span that ends with the stream, and has the usage and the time to the first chunk', async () => {
    enable();
    await readAll(stream('normal').textStream);
    const [chat] = await recorder.take(2);
    expect(chat!.attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.response.id': 'chat-1',
      'gen_ai.response.model': 'gpt-5-2026-01-01',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 20,
      'gen_ai.usage.output_tokens': 10,
    });
    expect(chat!.attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
    expect(incomplete(chat!)).toBeUndefined();
  });

  test('a call with tools is an agent span with its chats and its tools as children; tools run in their spans', async () => {
    enable();
    const caller = callerSpan();
    const execute = async () => {
      await null;
      trace.getTracer('app').startSpan('look up').end();
      return { degrees: 21, secret: 's3cr3t' };
    };
    await within(caller, () =>
      ai.generateText({ ...base('normal'), tools: toolsOf(ai, execute), stopWhen: ai.isStepCount(3) }),
    );
    caller.end();
    const spans = await recorder.take(8);
    expect(treeOf(spans)).toEqual([
      'none > caller',
      'caller > invoke_agent',
      'invoke_agent > chat gpt-5',
      'chat gpt-5 > POST',
      'invoke_agent > execute_tool weather',
      'execute_tool weather > look up',
      'invoke_agent > chat gpt-5',
      'chat gpt-5 > POST',
    ]);
    const [, agent, , , tool] = spans;
    expect(agent).toMatchObject({ kind: SpanKind.INTERNAL });
    expect(agent!.attributes).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.request.model': 'gpt-5',
      'gen_ai.usage.input_tokens': 40,
      'gen_ai.usage.output_tokens': 20,
    });
    expect(tool!.attributes).toEqual({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'weather',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': 'call-0',
    });
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('a call with a function ID is an agent with this name', async () => {
    enable();
    await ai.generateText({ ...base('normal'), telemetry: { functionId: 'guide' } });
    const [agent] = await recorder.take(3);
    expect(agent!.name).toBe('invoke_agent guide');
    expect(agent!.attributes['gen_ai.agent.name']).toBe('guide');
  });

  test('a tool that throws is a failed span, although the SDK continues and the call succeeds', async () => {
    enable();
    const execute = () => {
      throw new RangeError('the s3cr3t city is unknown');
    };
    await ai.generateText({ ...base('normal'), tools: toolsOf(ai, execute), stopWhen: ai.isStepCount(3) });
    const spans = await recorder.take(6);
    const tool = spans.find(({ name }) => name === 'execute_tool weather')!;
    expect(tool.status.code).toBe(SpanStatusCode.ERROR);
    expect(tool.attributes['error.type']).toBe('RangeError');
    for (const { name, status } of spans)
      if (name !== 'execute_tool weather') expect(status.code).toBe(SpanStatusCode.UNSET);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('an embedding is one span', async () => {
    enable();
    await ai.embed({ model: embeddingModel(), value: 'the s3cr3t' });
    const spans = await recorder.take(2);
    expect(treeOf(spans)).toEqual(['none > embeddings e-1', 'embeddings e-1 > POST']);
    expect(spans[0]!.attributes).toMatchObject({
      'gen_ai.provider.name': 'local',
      'gen_ai.usage.input_tokens': 20,
    });
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  // 7.0.0 publishes no events for embedMany().
  (name === 'ai 7.0.0' ? test.skip : test)('several embeddings are one span', async () => {
    enable();
    await ai.embedMany({ model: embeddingModel(), values: ['the s3cr3t'] });
    const spans = await recorder.take(2);
    expect(treeOf(spans)).toEqual(['none > embeddings e-1', 'embeddings e-1 > POST']);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('a call with telemetry disabled has no span, but its HTTP request has one', async () => {
    enable();
    await ai.generateText({ ...base('normal'), telemetry: { isEnabled: false } });
    expect((await recorder.take(1))[0]!.name).toBe('POST');
  });

  test('two hundred concurrent streams have one ended span each, in the trace of their own caller', async () => {
    enable();
    const behaviours: Behaviour[] = ['normal', 'refuses', 'resets'];
    const callers = Array.from({ length: 200 }, (_, index) => callerSpan(`caller ${index}`));
    await Promise.all(
      callers.map((caller, index) =>
        within(caller, async () => {
          await readAll(stream(behaviours[index % behaviours.length]!).textStream).catch(() => {});
          caller.end();
        }),
      ),
    );
    const spans = await recorder.takeUntil(() => true);
    const chats = spans.filter(({ name }) => name === 'chat gpt-5');
    expect(chats.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
      callers.map((caller) => caller.spanContext().spanId).sort(),
    );
    const failed = chats.filter(({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed).toHaveLength(133);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });
});
