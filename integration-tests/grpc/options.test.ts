import { prepareRecorder, recordSpans } from '@clew/testing';
import { context, propagation, SpanKind } from '@opentelemetry/api';
import { subjects } from './apis.ts';
import { make, servedBy } from './kinds.ts';
import { traced } from './traced.ts';

describe.each(subjects)('$name', ({ api, recorder: options }) => {
  const recorder = recordSpans(prepareRecorder(options));
  async function bothSpans() {
    const spans = await recorder.take(2);
    const of = (wanted: SpanKind) => spans.find(({ kind }) => kind === wanted)!;
    return { client: of(SpanKind.CLIENT), server: of(SpanKind.SERVER) };
  }

  test('metadata that options name is recorded on both sides, bytes as base64', () =>
    traced(
      api,
      servedBy((call) => call.respond()),
      async ({ client }) => {
        const metadata = new api.grpc.Metadata();
        metadata.set('tenant', 'acme');
        metadata.set('key-bin', Buffer.from([0, 255]));
        metadata.set('secret', 'hidden');
        await make(api, client, 'unary', { metadata }).code;
        const spans = await bothSpans();
        expect(spans.client.attributes).toMatchObject({ 'rpc.request.metadata.tenant': ['acme'] });
        expect(spans.server.attributes).toMatchObject({ 'rpc.request.metadata.key-bin': ['AP8='] });
        expect(JSON.stringify(spans)).not.toContain('hidden');
      },
      { capturedOutgoingRequestMetadata: ['Tenant'], capturedRequestMetadata: ['key-bin'] },
    ));

  test('the hook for responses gets the status of both sides', () => {
    const seen: unknown[] = [];
    const responseHook = (_: unknown, { side }: { side: string }, status: object) =>
      seen.push([side, status]);
    return traced(
      api,
      servedBy((call) => call.fail(5, 'no such order')),
      async ({ client }) => {
        await make(api, client, 'unary').code;
        await bothSpans();
        const status = { code: 5, details: 'no such order' };
        expect(seen).toEqual(
          expect.arrayContaining([
            ['client', status],
            ['server', status],
          ]),
        );
        expect(seen).toHaveLength(2);
      },
      { responseHook },
    );
  });

  test('the trace of a call that is not trusted is a link', () =>
    traced(
      api,
      servedBy((call) => call.respond()),
      async ({ client }) => {
        await make(api, client, 'unary').code;
        const spans = await bothSpans();
        expect(spans.server.traceId).not.toBe(spans.client.traceId);
        expect(spans.server.links).toMatchObject([{ context: { spanId: spans.client.spanId } }]);
      },
      { trust: [{ path: '/shop.Orders/*', trace: 'link' }] },
    ));

  test('no context is sent to other hosts than those of propagateTo', () => {
    let received: unknown;
    return traced(
      api,
      servedBy((call) => {
        received = call.metadata.get('traceparent');
        call.respond();
      }),
      async ({ client }) => {
        await make(api, client, 'unary').code;
        expect(received).toEqual([]);
        await bothSpans();
      },
      { propagateTo: ['*.internal'] },
    );
  });

  test('baggage that would make the metadata larger than 8 KiB is left out', () => {
    const received: number[] = [];
    const baggage = propagation.createBaggage({ tenant: { value: 'x'.repeat(2000) } });
    return traced(
      api,
      servedBy((call) => {
        received.push(...['traceparent', 'baggage'].map((name) => call.metadata.get(name).length));
        call.respond();
      }),
      async ({ client }) => {
        for (const size of [1000, 6500]) {
          const metadata = new api.grpc.Metadata();
          metadata.set('large', 'x'.repeat(size));
          const call = context.with(propagation.setBaggage(context.active(), baggage), () =>
            make(api, client, 'unary', { metadata }),
          );
          expect(await call.code).toBe(0);
          await bothSpans();
        }
        expect(received).toEqual([1, 1, 1, 0]);
      },
    );
  });
});
