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
import { TracerProvider as TheirProvider } from '@opentelemetry/sdk-trace';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
const KEYS = { edge: 'the secret of the edge proxy' };
const OSPROFILER_KEY = 'SECRET_KEY';

const signature = createSignature({ keys: KEYS });
const verifier = createSignature({ keys: KEYS });
const osprofiler = osprofilerFormat({ hmacKeys: OSPROFILER_KEY });
const provider = new TracerProvider({ exporter: false });
const plugin = new HttpInstrumentation();

/** What the service behind ours received. */
let received: http.IncomingHttpHeaders = {};
let inHandler: () => void = () => {};
let behind: http.Server;
let service: http.Server;

const portOf = (server: http.Server) => (server.address() as AddressInfo).port;
const listening = (server: http.Server) =>
  new Promise<http.Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));

/** Calls the service behind ours in whatever context is current. */
function callBehind(done: () => void): void {
  http.get({ port: portOf(behind), host: '127.0.0.1', agent: false }, (response) => {
    response.resume();
    response.on('end', done);
  });
}

beforeAll(async () => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncContextManager());
  behind = await listening(
    http.createServer((request, response) => {
      received = request.headers;
      response.end();
    }),
  );
  plugin.instrument(http, 'http');
  service = await listening(
    http.createServer((_request, response) => {
      inHandler();
      callBehind(() => response.end());
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
  for (const server of [behind, service]) await new Promise((resolve) => server.close(resolve));
});

/** What the service behind ours can verify of the requests that these headers cause. */
async function causedBy(headers: http.OutgoingHttpHeaders) {
  received = {};
  // The client of the test is not traced: it sends these headers and no others.
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

function profiled(key = OSPROFILER_KEY): Record<string, string> {
  const ids = {
    base_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
    parent_id: '77777777-1111-4222-8333-444444444444',
  };
  const info = Buffer.from(JSON.stringify(ids)).toString('base64');
  return { 'x-trace-info': info, 'x-trace-hmac': hmacOf(info, key) };
}

const TRACE_HEADERS = ['traceparent', 'x-trace-hmac', 'x-trace-info'];
const SAME = TRACE_ID;
const OTHER = expect.not.stringContaining(TRACE_ID);

describe('what goes out signed', () => {
  test.each<[string, () => Record<string, string>, TrustOption, object]>([
    [
      'a trace that begins where nothing came is signed',
      () => ({}),
      'continue',
      { traceId: OTHER, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'a trace that came unsigned is not',
      () => ({ traceparent: TRACEPARENT, tracestate: 'a=b' }),
      'continue',
      { traceId: SAME, covered: undefined, osprofiler: false },
    ],
    [
      'a new trace that is linked to an untrusted one is signed',
      () => ({ traceparent: TRACEPARENT }),
      'link',
      { traceId: OTHER, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'a new trace in place of an ignored one is signed',
      () => ({ traceparent: TRACEPARENT }),
      'ignore',
      { traceId: OTHER, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'a trace that came with our signature is signed',
      () => signed({ traceparent: TRACEPARENT }),
      'ignore',
      { traceId: SAME, covered: TRACE_HEADERS, osprofiler: true },
    ],
    [
      'a trace that came with a wrong signature is not',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'continue',
      { traceId: SAME, covered: undefined, osprofiler: false },
    ],
    [
      'a new trace in place of one with a wrong signature is not',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'ignore',
      { traceId: OTHER, covered: undefined, osprofiler: false },
    ],
    [
      'a new trace with a link to one with a wrong signature is not',
      () => ({ ...signed({ traceparent: TRACEPARENT.replace('0af', '0ae') }), traceparent: TRACEPARENT }),
      'link',
      { traceId: OTHER, covered: undefined, osprofiler: false },
    ],
    [
      'a new trace that begins where a signature alone came is not',
      () => ({ 'clew-signature': 'v2;k=edge' }),
      'continue',
      { traceId: OTHER, covered: undefined, osprofiler: false },
    ],
    [
      "a trace that came with OSProfiler's HMAC goes on with it, without our stronger signature",
      () => profiled(),
      'ignore',
      { traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34', covered: undefined, osprofiler: true },
    ],
    [
      "a new trace that begins where OSProfiler's HMAC was wrong is not",
      () => profiled('GUESSED'),
      'continue',
      { traceId: OTHER, covered: undefined, osprofiler: false },
    ],
    [
      "a new trace that begins where OSProfiler's HMAC was missing is not",
      () => ({ 'x-trace-info': profiled()['x-trace-info'] as string }),
      'continue',
      { traceId: OTHER, covered: undefined, osprofiler: false },
    ],
    [
      'a trace that came with both signatures goes on with both',
      () => signed(profiled()),
      'ignore',
      { traceId: '3f2b6c1e8d474a0e9b6d0c5a7e1f2d34', covered: TRACE_HEADERS, osprofiler: true },
    ],
  ])('%s', async (_title, headers, trust, expected) => {
    setPropagationDefaults({ trust });
    expect(await causedBy(headers())).toMatchObject(expected);
  });

  test('what the application begins while it serves an unsigned trace is signed', async () => {
    inHandler = () => {
      const own = trace.getTracer('job').startSpan('job', { root: true });
      context.with(trace.setSpan(ROOT_CONTEXT, own), () => callBehind(() => {}));
    };
    const both: http.IncomingHttpHeaders[] = [];
    behind.on('request', (request: http.IncomingMessage) => both.push(request.headers));
    await causedBy({ traceparent: TRACEPARENT });
    const bySigned = both.map(({ traceparent, 'clew-signature': value }) => [
      String(traceparent).includes(TRACE_ID),
      value !== undefined,
    ]);
    expect(bySigned).toContainEqual([false, true]);
    expect(bySigned).toContainEqual([true, false]);
  });

  test('an unsigned trace whose span is put into another context stays unsigned', async () => {
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
  const reset = (audiences: Record<string, string>) => {
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
  reset({ 'elsewhere.example': 'elsewhere', '127.0.0.1': 'behind' });
  await causedBy({});
  expect(received['clew-signature']).toMatch(/;h=traceparent;a=behind;s=/);
  reset({ 'elsewhere.example': 'elsewhere' });
  await causedBy({});
  expect(received['clew-signature']).toMatch(/;h=traceparent;s=/);
});

test("spans of OpenTelemetry's SDK pass the origin on, too", () => {
  const tracer = new TheirProvider().getTracer('theirs');
  const sentFrom = (headers: Record<string, string>) => {
    const came = propagation.extract(ROOT_CONTEXT, headers);
    const child = tracer.startSpan('child', {}, came);
    const grandchild = tracer.startSpan('grandchild', {}, trace.setSpan(ROOT_CONTEXT, child));
    const carrier: Record<string, string> = {};
    propagation.inject(trace.setSpan(ROOT_CONTEXT, grandchild), carrier);
    return [String(carrier.traceparent).includes(TRACE_ID), 'clew-signature' in carrier];
  };
  expect(sentFrom({ traceparent: TRACEPARENT })).toEqual([true, false]);
  expect(sentFrom(signed({ traceparent: TRACEPARENT }))).toEqual([true, true]);
  expect(sentFrom({})).toEqual([false, true]);
});

describe('baggage', () => {
  const withOwn = () => {
    const own = propagation.createBaggage({ own: { value: 'yes' } });
    context.with(propagation.setBaggage(context.active(), own), () => callBehind(() => {}));
  };

  test('that came unsigned goes out unsigned, beside a trace that is signed', async () => {
    const headers = { ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' };
    const { baggage, covered } = await causedBy(headers);
    expect({ baggage, covered }).toEqual({ baggage: 'tenant=acme', covered: TRACE_HEADERS });
  });

  test('that came signed goes out signed', async () => {
    const { baggage, covered } = await causedBy(signed({ traceparent: TRACEPARENT, baggage: 'tenant=acme' }));
    expect({ baggage, covered }).toEqual({
      baggage: 'tenant=acme',
      covered: ['baggage', ...TRACE_HEADERS],
    });
  });

  test('to which the application adds an entry stays unsigned', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    behind.on('request', (request: http.IncomingMessage) => seen.push(request.headers));
    inHandler = () => {
      const more = propagation.getActiveBaggage()?.setEntry('own', { value: 'yes' });
      if (more === undefined) throw new Error('expected baggage');
      context.with(propagation.setBaggage(context.active(), more), () => callBehind(() => {}));
    };
    await causedBy({ ...signed({ traceparent: TRACEPARENT }), baggage: 'tenant=acme' });
    const mixed = seen.find((headers) => headers.baggage === 'tenant=acme,own=yes');
    expect(mixed?.['clew-signature']).toMatch(/;h=traceparent,x-trace-info,x-trace-hmac;s=/);
  });

  test('of the application beside a trace that came unsigned is signed alone', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    behind.on('request', (request: http.IncomingMessage) => seen.push(request.headers));
    inHandler = withOwn;
    await causedBy({ traceparent: TRACEPARENT });
    expect(seen.find(({ baggage }) => baggage === 'own=yes')?.['clew-signature']).toMatch(/;h=baggage;s=/);
  });
});
