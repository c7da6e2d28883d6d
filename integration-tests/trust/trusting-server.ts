import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AsyncContextManager,
  createPropagator,
  createSignature,
  TRACE_FORMATS,
  w3cBaggage,
} from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { alwaysOff, parentBased, type ReadableSpan, TracerProvider } from '@clew/tracer';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { sendRaw } from './raw-request.ts';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const KEYS = { edge: 'the secret of the edge proxy' };

/** A traced server that trusts only signed requests, for the tests of one file. */
export function trustingServer() {
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    exporter: false,
    // Nothing is sampled unless a trusted parent is sampled.
    sampler: parentBased({ root: alwaysOff() }),
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const plugin = new HttpInstrumentation();
  const signature = createSignature({ keys: KEYS });
  /** The trace and the baggage that each request's handler had. */
  const seen: { traceId: string | undefined; baggage: string[] }[] = [];
  let server: http.Server;

  beforeAll(async () => {
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncContextManager());
    const formats = [...new Set(TRACE_FORMATS.values())];
    propagation.setGlobalPropagator(
      createPropagator({
        // The signed format is read last, so that all others take precedence.
        extract: [
          ...formats.filter(({ name }) => name !== 'tracecontext'),
          TRACE_FORMATS.get('tracecontext')!,
        ],
        inject: [TRACE_FORMATS.get('tracecontext')!],
        extractBeside: [w3cBaggage],
        injectBeside: [w3cBaggage],
        signature,
      }),
    );
    setPropagationDefaults({ trust: { trace: 'link', baggage: 'drop' } });
    plugin.instrument(http, 'http');
    server = http.createServer((_request, response) => {
      const baggage = propagation.getActiveBaggage()?.getAllEntries() ?? [];
      seen.push({
        traceId: trace.getActiveSpan()?.spanContext().traceId,
        baggage: baggage.map(([key, { value }]) => `${key}=${value}`),
      });
      response.end('served');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  beforeEach(() => {
    seen.length = 0;
    ended.length = 0;
  });

  afterAll(async () => {
    plugin.disable();
    setPropagationDefaults({});
    for (const api of [trace, context, propagation]) api.disable();
    await new Promise((resolve) => server.close(resolve));
  });

  function sendTo(target: string, ...headers: string[]): Promise<string> {
    return sendRaw((server.address() as AddressInfo).port, target, headers);
  }

  return {
    seen,
    /** The SERVER spans. */
    servers: () => ended.filter((span) => span.kind === SpanKind.SERVER),
    /** Sends a request with these header lines. */
    send: (...headers: string[]) => sendTo('/', ...headers),
    sendTo,
    /** These headers with their signature, as header lines. */
    signed: (headers: Record<string, string>, names?: readonly string[]) => [
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      `clew-signature: ${signature.sign(new Map(Object.entries(headers)), names ?? Object.keys(headers))}`,
    ],
  };
}
