import { rootContext } from '@clew/core';
import { withServerRequest } from '@clew/core/internal';
import { http } from '@clew/core/plugin';
import { recordSpans, suiteTools } from '@clew/testing';
import { context, type Span, trace } from '@opentelemetry/api';

const recorder = recordSpans();

describe.each(['all', 'slow'] as const)(
  'an error that the application throws for many requests, layers %s',
  (layers) => {
    const error = new TypeError('shared');
    const framework = new http.Framework({ name: 'toy', layerTypes: ['layer'] });

    /** Fails in two nested layers with the same error. Returns how many layers recorded it. */
    async function failIn(server: Span, isKnown: boolean): Promise<number> {
      framework.enable(
        suiteTools({
          layers,
          slowLayerMs: 0,
          ignoreLayers: [],
          ignoreLayersType: [],
          spanNameHook: undefined,
          requestHook: undefined,
        }),
      );
      const around = trace.setSpan(rootContext, server);
      const served = isKnown ? withServerRequest(around, { type: 'http', span: server }) : around;
      const inLayer = (inner: () => void) =>
        framework.settleLayer('fails', undefined, { layerType: 'layer' }, inner);
      const fail = () => {
        throw error;
      };
      expect(() => context.with(served, () => inLayer(() => inLayer(fail)))).toThrow(error);
      server.end();
      const spans = await recorder.take(3);
      return spans.filter(({ events }) => events.length > 0).length;
    }
    const start = (parent = rootContext) => trace.getTracer('test').startSpan('server', {}, parent);

    test('is recorded once in each request', async () => {
      for (const _ of [1, 2]) expect(await failIn(start(), false)).toBe(1);
    });

    test('is recorded once in each request of the same trace', async () => {
      const caller = trace.wrapSpanContext({
        traceId: '1'.repeat(32),
        spanId: '2'.repeat(16),
        traceFlags: 1,
      });
      for (const _ of [1, 2]) expect(await failIn(start(trace.setSpan(rootContext, caller)), true)).toBe(1);
    });
  },
);
