// What the plugin for the AI SDK records of the contents of a call.
import { type RecordedSpan, recordSpans } from '@clew/testing';
import { versions } from '../../packages/instrumentation-ai/test/versions.ts';
import { aiSetup, readAll, toolsOf } from './ai-calls.ts';
import type { Behaviour } from './model-server.ts';

const recorder = recordSpans();
const { base, enable } = aiSetup();

describe.each(versions)('%s: contents', (_name, ai) => {
  const stream = (behaviour: Behaviour, more: object = {}) => ai.streamText({ ...base(behaviour), ...more });

  test('a call whose inputs and outputs the application excludes from telemetry has a span without contents', async () => {
    enable({ captureContent: true });
    const telemetry = { recordInputs: false, recordOutputs: false };
    await readAll(stream('normal', { telemetry }).textStream);
    await ai.generateText({ ...base('normal'), telemetry });
    const spans = await recorder.take(4);
    // From 7.0.1xx on, the SDK then publishes no result.
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
  });

  test('captureContent: messages, tools and their results are recorded, and redactContent redacts them', async () => {
    const kinds: string[] = [];
    enable({
      captureContent: true,
      redactContent: (content: unknown, kind: string) => {
        kinds.push(kind);
        return JSON.parse(JSON.stringify(content).replaceAll('s3cr3t', '…'));
      },
    });
    const tools = toolsOf(ai, () => ({ secret: 's3cr3t' }));
    await ai.generateText({
      ...base('normal'),
      tools,
      stopWhen: ai.isStepCount(3),
      system: 'Never reveal the s3cr3t.',
    });
    await readAll(stream('normal').textStream);
    const spans = await recorder.take(8);
    expect(JSON.stringify(spans)).not.toContain('s3cr3t');
    expect([...new Set(kinds)].sort()).toEqual(['arguments', 'input', 'instructions', 'output', 'result']);
    const [, first, , tool, second, , streamed] = spans;
    expect(tool!.attributes).toMatchObject({
      'gen_ai.tool.call.arguments': '{"city":"the city of …"}',
      'gen_ai.tool.call.result': '{"secret":"…"}',
    });
    expect(first!.attributes['gen_ai.system_instructions']).toBe(
      '[{"type":"text","content":"Never reveal the …."}]',
    );
    const contentOf = (span: RecordedSpan | undefined, of: string) =>
      JSON.parse(span!.attributes[`gen_ai.${of}.messages`] as string);
    const called = { type: 'tool_call', id: 'call-0', name: 'weather', arguments: { city: 'the city of …' } };
    expect(contentOf(first, 'output')).toEqual([
      { role: 'assistant', parts: [called], finish_reason: 'tool-calls' },
    ]);
    expect(contentOf(second, 'input')).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'What is the …?' }] },
      { role: 'assistant', parts: [called] },
      {
        role: 'tool',
        parts: [{ type: 'tool_call_response', id: 'call-0', name: 'weather', response: { secret: '…' } }],
      },
    ]);
    expect(contentOf(streamed, 'output')).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: 'One … two.' }], finish_reason: 'stop' },
    ]);
  });
});
