import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AsyncContextManager,
  createPropagator,
  createSignature,
  type TrustOption,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { osprofilerFormat } from '@clew/osprofiler';
import { TracerProvider } from '@clew/tracer';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider as SdkProvider } from '@opentelemetry/sdk-trace';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const KEYS = { edge: 'the secret of the edge proxy' };
const OSPROFILER_KEY = 'SECRET_KEY';

const signature = createSignature({ keys: KEYS });
const verifier = createSignature({ keys: KEYS });
const osprofiler = osprofilerFormat({ hmacKeys: OSPROFILER_KEY });
const provider = new TracerProvider({ exporter: false });
const plugin = new HttpInstrumentation();

/** The headers that the backend received last. */
let received: http.IncomingHttpHeaders = {};
let inHandler: () => void = () => {};
let backend: http.Server;
let service: http.Server;

const portOf = (server: http.Server) => (server.address() as AddressInfo).port;
const listening = (server: http.Server) =>
  new Promise<http.Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));

/** Calls the backend in the current context. */
function callBackend(done: () => void): void {
  http.get({ port: portOf(backend), host: '127.0.0.1', agent: false }, (response) => {
    response.resume();
    response.on('end', done);
  });
}

beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncContextManager());
  backend = await listening(
    http.createServer((request, response) => {
      received = request.headers;
      response.end();
    }),
  );
  plugin.instrument(http, 'http');
  service = await listening(
    http.createServer((_request, response) => {
      inHandler();
      callBackend(() => response.end());
    }),
  );
});

beforeEach(() => {
  inHandler = () => {};
  setPropagationDefaults({});
  propagation.disable();
  propagation.setGlobalPropagator(
    createPropagator({
      extract: [osprofiler, w3cTraceContext],
      inject: [w3cTraceContext, osprofiler],
      extractBeside: [w3cBaggage],
      injectBeside: [w3cBaggage],
      signature,
    }),
  );
});

afterAll(async () => {
  plugin.disable();
  setPropagationDefaults({});
  for (const api of [trace, context, propagation]) api.disable();
  for (const server of [backend, service]) await new Promise((resolve) => server.close(resolve));
});

/** Sends these headers to the service, and returns what the backend can verify of the request that it receives. */
async function causedBy(headers: http.OutgoingHttpHeaders) {
  received = {};
  // The test's own client is not traced, so it sends exactly these headers.
  await new Promise<void>((resolve, reject) => {
    const request = { port: portOf(service), host: '127.0.0.1', headers, agent: false };
    context.with(untraced, () => {
      http
        .get(request, (response) => {
          response.resume();
          response.on('end', resolve);
        })
        .on('error', reject);
    });
  });
  const covered = verifier.verify(received, {
    get: (carrier, name) => carrier[name],
    keys: (carrier) => Object.keys(carrier),
  });
  const info = received['x-trace-info'];
  const hmac = received['x-trace-hmac'];
  return {
    traceId: String(received.traceparent).slice(3, 35),
    baggage: received.baggage,
    covered: covered === undefined || covered === 'refused' ? covered : [...covered.keys()].sort(),
    osprofiler: hmac !== undefined && hmac === hmacOf(String(info)),
  };
}

const untraced = ROOT_CONTEXT.setValue(Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
const hmacOf = (info: string, key = OSPROFILER_KEY) => createHmac('sha1', key).update(info).digest('hex');

function signed(headers: Record<string, string>): Record<string, string> {
  return {
    ...headers,
    'clew-signature': signature.sign(new Map(Object.entries(headers)), Object.keys(headers)),
  };
}

function osprofilerHeaders(key = OSPROFILER_KEY): Record<string, string> {
  const ids = {
    base_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
    parent_id: '77777777-1111-4222-8333-444444444444',
  };
  const info = Buffer.from(JSON.stringify(ids)).toString('base64');
  return { 'x-trace-info': info, 'x-trace-hmac': hmacOf(info, key) };
}

const TRACE_HEADERS = ['traceparent', 'x-trace-hmac', 'x-trace-info'];
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
    inHandler = () => {
      const own = trace.getTracer('job').startSpan('job', { root: true });
      context.with(trace.setSpan(ROOT_CONTEXT, own), () => callBackend(() => {}));
    };
    const sent: http.IncomingHttpHeaders[] = [];
    backend.on('request', (request: http.IncomingMessage) => sent.push(request.headers));
    await causedBy({ traceparent: TRACEPARENT });
    const outcomes = sent.map(({ traceparent, 'clew-signature': value }) => [
      String(traceparent).includes(TRACE_ID),
      value !== undefined,
    ]);
    expect(outcomes).toContainEqual([false, true]);
    expect(outcomes).toContainEqual([true, false]);
  });

  test('are not signed for an unsigned trace whose span was moved to another context', async () => {
    inHandler = () => {
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

test('a request is signed for the audience of the host that it goes to', async () => {
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
  expect(received['clew-signature']).toMatch(/;h=traceparent;a=backend;s=/);
  useAudiences({ 'elsewhere.example': 'elsewhere' });
  await causedBy({});
  expect(received['clew-signature']).toMatch(/;h=traceparent;s=/);
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

describe('outgoing baggage', () => {
  const callWithOwnBaggage = () => {
    const own = propagation.createBaggage({ own: { value: 'yes' } });
    context.with(propagation.setBaggage(context.active(), own), () => callBackend(() => {}));
  };

  test('is not signed if it was received unsigned with a signed trace', async () => {
    const headers = { ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' };
    const { baggage, covered } = await causedBy(headers);
    expect({ baggage, covered }).toEqual({ baggage: 'tenant=acme', covered: TRACE_HEADERS });
  });

  test('is signed if it was received signed', async () => {
    const { baggage, covered } = await causedBy(signed({ traceparent: TRACEPARENT, baggage: 'tenant=acme' }));
    expect({ baggage, covered }).toEqual({
      baggage: 'tenant=acme',
      covered: ['baggage', ...TRACE_HEADERS],
    });
  });

  test('stays unsigned when the application adds an entry', async () => {
    const sent: http.IncomingHttpHeaders[] = [];
    backend.on('request', (request: http.IncomingMessage) => sent.push(request.headers));
    inHandler = () => {
      const more = propagation.getActiveBaggage()?.setEntry('own', { value: 'yes' });
      if (more === undefined) throw new Error('expected baggage');
      context.with(propagation.setBaggage(context.active(), more), () => callBackend(() => {}));
    };
    await causedBy({ ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' });
    const mixed = sent.find((headers) => headers.baggage === 'tenant=acme,own=yes');
    expect(mixed?.['clew-signature']).toMatch(/;h=traceparent,x-trace-info,x-trace-hmac;s=/);
  });

  test('is signed if the application set it, although the trace was received unsigned', async () => {
    const sent: http.IncomingHttpHeaders[] = [];
    backend.on('request', (request: http.IncomingMessage) => sent.push(request.headers));
    inHandler = callWithOwnBaggage;
    await causedBy({ traceparent: TRACEPARENT });
    expect(sent.find(({ baggage }) => baggage === 'own=yes')?.['clew-signature']).toMatch(/;h=baggage;s=/);
  });
});
