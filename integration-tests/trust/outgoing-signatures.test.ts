import type http from 'node:http';
import { createPropagator, createSignature, type TrustOption, w3cTraceContext } from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider as SdkProvider } from '@opentelemetry/sdk-trace';
import {
  callBackend,
  causedBy,
  KEYS,
  onBackendRequest,
  osprofilerHeaders,
  service,
  signed,
  TRACE_HEADERS,
  TRACE_ID,
  TRACEPARENT,
  useSigningService,
} from './signing-service.ts';

useSigningService();

const SAME_TRACE = TRACE_ID;
const NEW_TRACE = expect.not.stringContaining(TRACE_ID);

describe('outgoing trace headers', () => {
  test.each<[string, () => Record<string, string>, TrustOption, object]>([
    [
      'are signed for a trace that starts here',
      () => ({}),
      'continue',
      { traceId: NEW_TRACE, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'are not signed for a trace that was received unsigned',
      () => ({ traceparent: TRACEPARENT, tracestate: 'a=b' }),
      'continue',
      { traceId: SAME_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      'are signed for a new trace that is linked to an untrusted one',
      () => ({ traceparent: TRACEPARENT }),
      'link',
      { traceId: NEW_TRACE, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'are signed for a new trace when the received one is ignored',
      () => ({ traceparent: TRACEPARENT }),
      'ignore',
      { traceId: NEW_TRACE, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'are signed for a trace that was received with a valid signature',
      () => signed({ traceparent: TRACEPARENT }),
      'ignore',
      { traceId: SAME_TRACE, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'are not signed for a trace that was received with an invalid signature',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'continue',
      { traceId: SAME_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      'are not signed for a new trace when the ignored one has an invalid signature',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'ignore',
      { traceId: NEW_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      'are not signed for a new trace that is linked to one with an invalid signature',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'link',
      { traceId: NEW_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      'are not signed for a new trace when only a signature was received',
      () => ({ 'clew-signature': 'v2;k=edge' }),
      'continue',
      { traceId: NEW_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      "have OSProfiler's HMAC but no Clew signature for a trace that was received with OSProfiler's HMAC",
      () => osprofilerHeaders(),
      'ignore',
      { traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34', covered: undefined, osprofiler: true },
    ],
    [
      "are not signed for a new trace when OSProfiler's HMAC is invalid",
      () => osprofilerHeaders('GUESSED'),
      'continue',
      { traceId: NEW_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      "are not signed for a new trace when OSProfiler's HMAC is missing",
      () => ({ 'x-trace-info': osprofilerHeaders()['x-trace-info'] as string }),
      'continue',
      { traceId: NEW_TRACE, covered: undefined, osprofiler: false },
    ],
    [
      'have both signatures for a trace that was received with both',
      () => signed(osprofilerHeaders()),
      'ignore',
      { traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34', covered: TRACE_HEADERS, osprofiler: true },
    ],
  ])('%s', async (_title, headers, trust, expected) => {
    setPropagationDefaults({ trust });
    expect(await causedBy(headers())).toMatchObject(expected);
  });

  test('are signed for a root span that the application starts while it serves an unsigned trace', async () => {
    service.inHandler = () => {
      const own = trace.getTracer('job').startSpan('job', { root: true });
      context.with(trace.setSpan(ROOT_CONTEXT, own), () => callBackend());
    };
    const sent: http.IncomingHttpHeaders[] = [];
    onBackendRequest((headers) => sent.push(headers));
    await causedBy({ traceparent: TRACEPARENT });
    const outcomes = sent.map(({ traceparent, 'clew-signature': value }) => [
      String(traceparent).includes(TRACE_ID),
      value !== undefined,
    ]);
    expect(outcomes).toContainEqual([false, true]);
    expect(outcomes).toContainEqual([true, false]);
  });

  test('are not signed for an unsigned trace whose span was moved to another context', async () => {
    service.inHandler = () => {
      const span = trace.getActiveSpan();
      if (span === undefined) throw new Error('expected a span');
      const child = trace.getTracer('job').startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, span));
      const carrier: Record<string, string> = {};
      propagation.inject(trace.setSpan(ROOT_CONTEXT, child), carrier);
      expect(carrier.traceparent).toContain(TRACE_ID);
      expect(Object.keys(carrier)).toEqual(['traceparent']);
    };
    await causedBy({ traceparent: TRACEPARENT });
  });
});

test('a request is signed for the audience of the host that it is sent to', async () => {
  const useAudiences = (audiences: Record<string, string>) => {
    propagation.disable();
    propagation.setGlobalPropagator(
      createPropagator({
        extract: [w3cTraceContext],
        inject: [w3cTraceContext],
        extractBeside: [],
        injectBeside: [],
        signature: createSignature({ keys: KEYS, audiences }),
      }),
    );
  };
  useAudiences({ 'elsewhere.example': 'elsewhere', '127.0.0.1': 'backend' });
  await causedBy({});
  expect(service.received['clew-signature']).toMatch(/;h=traceparent;a=backend;s=/);
  useAudiences({ 'elsewhere.example': 'elsewhere' });
  await causedBy({});
  expect(service.received['clew-signature']).toMatch(/;h=traceparent;s=/);
});

test("headers are also signed or not by the origin of the trace with spans of OpenTelemetry's SDK", () => {
  const tracer = new SdkProvider().getTracer('sdk');
  const sentFrom = (headers: Record<string, string>) => {
    const extracted = propagation.extract(ROOT_CONTEXT, headers);
    const child = tracer.startSpan('child', {}, extracted);
    const grandchild = tracer.startSpan('grandchild', {}, trace.setSpan(ROOT_CONTEXT, child));
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(ROOT_CONTEXT, grandchild), carrier);
    return [String(carrier.traceparent).includes(TRACE_ID), 'clew-signature' in carrier];
  };
  expect(sentFrom({ traceparent: TRACEPARENT })).toEqual([true, false]);
  expect(sentFrom(signed({ traceparent: TRACEPARENT }))).toEqual([true, true]);
  expect(sentFrom({})).toEqual([false, true]);
});
