import { callerSpan, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import { activeSpanId, inMemory, spanOf } from './traced.ts';

const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  test('a tool call is a CLIENT span and a SERVER child span, in which the tool runs', async () => {
    let inTool: string | undefined;
    const tool = async () => {
      await null;
      inTool = activeSpanId();
      return '21 degrees';
    };
    await inMemory(api, tool, async ({ client }) => {
      const caller = callerSpan();
      const result = await within(caller, () =>
        api.call(client, { name: 'weather', arguments: { city: 'secret' } }),
      );
      caller.end();
      expect(result.content).toEqual([{ type: 'text', text: '21 degrees' }]);
      const spans = await recorder.take(3);
      const sent = spanOf(spans, SpanKind.CLIENT, 'tools/call weather');
      const served = spanOf(spans, SpanKind.SERVER, 'tools/call weather');
      expect(sent.parentSpanId).toBe(caller.spanContext().spanId);
      expect(served.parentSpanId).toBe(sent.spanId);
      expect(inTool).toBe(served.spanId);
      for (const { attributes, status, links } of [sent, served]) {
        expect(attributes).toMatchObject({
          'mcp.method.name': 'tools/call',
          'gen_ai.tool.name': 'weather',
          'gen_ai.operation.name': 'execute_tool',
          'jsonrpc.request.id': expect.stringMatching(/^\d+$/),
        });
        expect(JSON.stringify(attributes)).not.toMatch(/secret|degrees/);
        expect(status.code).toBe(SpanStatusCode.UNSET);
        expect(links).toEqual([]);
      }
    });
  });
});
