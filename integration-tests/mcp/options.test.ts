import { callerSpan, recordSpans, within } from '@clew/testing';
import type { Span } from '@opentelemetry/api';
import { SpanKind } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import { activeSpanId, inMemory } from './traced.ts';

const recorder = recordSpans();

describe.each(apis)('$name', (api) => {
  test('hooks record what is not recorded otherwise, on both sides', async () => {
    const options = {
      requestHook: (span: Span, { params, side }: { params: { arguments?: object }; side: string }) =>
        span.setAttribute(`${side}.arguments`, JSON.stringify(params.arguments)),
      responseHook: (span: Span, _: unknown, { content }: { content?: object }) =>
        span.setAttribute('content', JSON.stringify(content)),
    };
    await inMemory(
      api,
      () => 'warm',
      ({ client }) =>
        api.call(client, { name: 'weather', arguments: { city: 'Bern' } }).then(() => undefined),
      { options },
    );
    const content = '[{"type":"text","text":"warm"}]';
    const recorded = (await recorder.take(2)).map(({ kind, attributes }) => ({ kind, attributes }));
    expect(recorded).toMatchObject([
      { kind: SpanKind.CLIENT, attributes: { 'client.arguments': '{"city":"Bern"}', content } },
      { kind: SpanKind.SERVER, attributes: { 'server.arguments': '{"city":"Bern"}', content } },
    ]);
  });

  test('a hook that throws changes neither the call nor its spans', async () => {
    const broken = () => {
      throw new Error('broken hook');
    };
    await inMemory(
      api,
      () => 'warm',
      async ({ client }) => {
        expect(await api.call(client, { name: 'weather' })).toMatchObject({ content: [{ text: 'warm' }] });
      },
      { options: { requestHook: broken, responseHook: broken } },
    );
    expect(await recorder.take(2)).toHaveLength(2);
  });

  test('ignored requests have no span, and their tool runs in the context of the caller', async () => {
    let inTool: string | undefined;
    const tool = () => {
      inTool = activeSpanId();
      return 'warm';
    };
    const caller = callerSpan();
    await inMemory(
      api,
      tool,
      async ({ client }) => {
        await within(caller, () => api.call(client, { name: 'weather' }));
        await client.ping();
      },
      { options: { ignore: ['ping', /^tools\/call/] } },
    );
    caller.end();
    expect(await recorder.take(1)).toMatchObject([{ spanId: caller.spanContext().spanId }]);
    expect(inTool).toBe(caller.spanContext().spanId);
  });
});
