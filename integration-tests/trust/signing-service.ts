import { createHmac } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AsyncContextManager,
  createPropagator,
  createSignature,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import { setPropagationDefaults } from '@clew/core/internal';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { osprofilerFormat } from '@clew/osprofiler';
import { TracerProvider } from '@clew/tracer';
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
export const KEYS = { edge: 'the secret of the edge proxy' };
const OSPROFILER_KEY = 'SECRET_KEY';

const signature = createSignature({ keys: KEYS });
const verifier = createSignature({ keys: KEYS });
const osprofiler = osprofilerFormat({ hmacKeys: OSPROFILER_KEY });
const provider = new TracerProvider({ exporter: false });
const plugin = new HttpInstrumentation();

/** The state of the service and its backend, which each test may change. */
export const service = {
  /** Called in the service's handler, before it calls the backend. */
  inHandler: (): void => {},
  /** The headers that the backend received last. */
  received: {} as http.IncomingHttpHeaders,
};
let backend: http.Server;
let frontend: http.Server;

const portOf = (server: http.Server) => (server.address() as AddressInfo).port;
const listening = (server: http.Server) =>
  new Promise<http.Server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));

/** Calls the backend in the current context. */
export function callBackend(done: () => void = () => {}): void {
  http.get({ port: portOf(backend), host: '127.0.0.1', agent: false }, (response) => {
    response.resume();
    response.on('end', done);
  });
}

/** Starts the service and its backend before the tests of a file, and resets them before each test. */
export function useSigningService(): void {
  beforeAll(async () => {
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncContextManager());
    backend = await listening(
      http.createServer((request, response) => {
        service.received = request.headers;
        response.end();
      }),
    );
    plugin.instrument(http, 'http');
    frontend = await listening(
      http.createServer((_request, response) => {
        service.inHandler();
        callBackend(() => response.end());
      }),
    );
  });

  beforeEach(() => {
    service.inHandler = () => {};
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
    for (const server of [backend, frontend]) await new Promise((resolve) => server.close(resolve));
  });
}

/** Sends these headers to the service, and returns what the backend can verify of the request that it receives. */
export async function causedBy(headers: http.OutgoingHttpHeaders) {
  service.received = {};
  // The test's own client is not traced, so it sends exactly these headers.
  await new Promise<void>((resolve, reject) => {
    const request = { port: portOf(frontend), host: '127.0.0.1', headers, agent: false };
    context.with(untraced, () => {
      http
        .get(request, (response) => {
          response.resume();
          response.on('end', resolve);
        })
        .on('error', reject);
    });
  });
  const covered = verifier.verify(service.received, {
    get: (carrier, name) => carrier[name],
    keys: (carrier) => Object.keys(carrier),
  });
  const info = service.received['x-trace-info'];
  const hmac = service.received['x-trace-hmac'];
  return {
    traceId: String(service.received.traceparent).slice(3, 35),
    baggage: service.received.baggage,
    covered: covered === undefined || covered === 'refused' ? covered : [...covered.keys()].sort(),
    osprofiler: hmac !== undefined && hmac === hmacOf(String(info)),
  };
}

const untraced = ROOT_CONTEXT.setValue(Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true);
const hmacOf = (info: string, key = OSPROFILER_KEY) => createHmac('sha1', key).update(info).digest('hex');

export function signed(headers: Record<string, string>): Record<string, string> {
  return {
    ...headers,
    'clew-signature': signature.sign(new Map(Object.entries(headers)), Object.keys(headers)),
  };
}

export function osprofilerHeaders(key = OSPROFILER_KEY): Record<string, string> {
  const ids = {
    base_id: '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34',
    parent_id: '77777777-1111-4222-8333-444444444444',
  };
  const info = Buffer.from(JSON.stringify(ids)).toString('base64');
  return { 'x-trace-info': info, 'x-trace-hmac': hmacOf(info, key) };
}

/** The trace headers of a request that is signed in all ways. */
export const TRACE_HEADERS = ['traceparent', 'x-trace-hmac', 'x-trace-info'];

/** Calls `listener` with the headers of each request that the backend receives. */
export function onBackendRequest(listener: (headers: http.IncomingHttpHeaders) => void): void {
  backend.on('request', (request: http.IncomingMessage) => listener(request.headers));
}
