import { once } from 'node:events';
import http from 'node:http';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { UndiciInstrumentation } from '@clew/instrumentation-undici';
import { type Listening, listenOn, openRequest, recordSpans, send } from '@clew/testing';
import { type MeterProvider as ApiMeterProvider, context, metrics } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

const SERVER = 'http.server.request.duration';
const CLIENT = 'http.client.request.duration';

// Before `recordSpans`, which checks that a test has taken all spans: most of these are about metrics only.
afterEach(() => recorder.reset());
const recorder = recordSpans();
let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
let plugin: HttpInstrumentation;
let undici: UndiciInstrumentation;
let server: Listening;
/** Responses that are never sent. */
const silent: http.ServerResponse[] = [];

beforeAll(async () => {
  plugin = new HttpInstrumentation();
  plugin.instrument(http);
  undici = new UndiciInstrumentation();
  server = await listenOn(
    http.createServer((request, response) => {
      if (request.url === '/silent') silent.push(response);
      else response.end();
    }),
  );
});
afterAll(async () => {
  plugin.disable();
  undici.disable();
  await server.close();
});
beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
});
afterEach(async () => {
  metrics.disable();
  await provider.shutdown();
  plugin.setConfig({});
});

async function points(name: string): Promise<DataPoint<Histogram>[]> {
  await provider.forceFlush();
  const all =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return all
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<Histogram>[]);
}

async function attributes(name: string) {
  return (await points(name)).map((point) => point.attributes);
}

async function get(path: string, options: http.RequestOptions = {}): Promise<void> {
  const request = http.get(`${server.url}${path}`, { agent: false, ...options });
  request.on('error', () => {});
  request.on('response', (response) => response.resume());
  await new Promise((resolve) => request.once('close', resolve));
}

test('the duration lasts from the request to the end of the response', async () => {
  const begin = performance.now();
  await get('/');
  const elapsedS = (performance.now() - begin) / 1000;
  const [served] = await points(SERVER);
  const [sent] = await points(CLIENT);
  expect(served?.value.sum).toBeGreaterThan(0);
  expect(sent?.value.sum).toBeGreaterThanOrEqual(served?.value.sum ?? Number.NaN);
  expect(sent?.value.sum).toBeLessThanOrEqual(elapsedS);
});

test('requests that are not sampled are measured, and nothing is called on their spans', async () => {
  recorder.sampling = 'none';
  await get('/');
  await (await fetch(server.url)).text();
  expect(recorder.wastedCalls).toBe(0);
  expect((await points(SERVER)).map(({ value }) => value.count)).toEqual([2]);
  expect((await points(CLIENT)).map(({ value }) => value.count)).toEqual([1, 1]);
});

test('an unknown method is _OTHER, and the original is not recorded', async () => {
  await send(server.url, { method: 'PURGE' });
  expect(await attributes(SERVER)).toEqual([
    {
      'http.request.method': '_OTHER',
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    },
  ]);
});

test('the server has an error if the client leaves before the response', async () => {
  const socket = await openRequest(`${server.url}/silent`);
  await until(() => silent.length > 0);
  const closed = once(silent[0]!, 'close');
  socket.destroy();
  await closed;
  expect(await attributes(SERVER)).toEqual([
    {
      'http.request.method': 'GET',
      'error.type': 'connection_closed',
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    },
  ]);
});

test.each([
  ['http', (port: number) => get('/', { port })],
  ['fetch', (port: number) => fetch(`http://127.0.0.1:${port}/`).catch(() => {})],
])('%s has the error of a request without a response', async (_client, call) => {
  const closed = await listenOn(http.createServer());
  await closed.close();
  const port = Number(new URL(closed.url).port);
  await call(port);
  expect(await attributes(CLIENT)).toEqual([
    {
      'http.request.method': 'GET',
      'error.type': 'ECONNREFUSED',
      'server.address': '127.0.0.1',
      'server.port': port,
    },
  ]);
});

test('a request that its caller cancels is measured, and is not an error', async () => {
  const { port } = new URL(server.url);
  const controller = new AbortController();
  const cancelled = get('/silent', { signal: controller.signal });
  controller.abort();
  await cancelled;
  expect(await attributes(CLIENT)).toEqual([
    { 'http.request.method': 'GET', 'server.address': '127.0.0.1', 'server.port': Number(port) },
  ]);
});

test('requests without a span because of an option are not measured', async () => {
  plugin.setConfig({ ignoreIncomingRequestHook: () => true, ignoreOutgoingRequestHook: () => true });
  await get('/');
  expect([...(await points(SERVER)), ...(await points(CLIENT))]).toEqual([]);
});

test('requests of an exporter, which suppresses tracing, are not measured', async () => {
  await context.with(suppressTracing(context.active()), () => get('/'));
  expect(await points(CLIENT)).toEqual([]);
});

test('requests are measured while a global MeterProvider is set, or one was passed to the plugin', async () => {
  await get('/');
  metrics.disable();
  await get('/');
  expect((await points(SERVER)).map(({ value }) => value.count)).toEqual([1]);
  plugin.setMeterProvider(provider);
  await get('/');
  plugin.setMeterProvider(metrics.getMeterProvider());
  await get('/');
  expect((await points(SERVER)).map(({ value }) => value.count)).toEqual([2]);
});

test('a MeterProvider that fails does not affect requests and their spans', async () => {
  const failing = () => {
    throw new Error('no metrics');
  };
  metrics.disable();
  metrics.setGlobalMeterProvider({ getMeter: failing });
  await get('/');
  metrics.disable();
  metrics.setGlobalMeterProvider({
    getMeter: () => ({ createHistogram: failing }),
  } as unknown as ApiMeterProvider);
  await get('/');
  metrics.disable();
  metrics.setGlobalMeterProvider({
    getMeter: () => ({ createHistogram: () => ({ record: failing }) }),
  } as unknown as ApiMeterProvider);
  await get('/');
  expect((await recorder.take(6)).map(({ kind }) => kind).sort()).toEqual([1, 1, 1, 2, 2, 2]);
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
