// A request that the application cancels is not an error; a failure or a timeout is.
import http from 'node:http';
import { type Listening, listenOn, recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import axios from 'axios';
import gotModule from 'got';
import { HttpInstrumentation } from '../src/index.ts';

const { default: got } = gotModule;
const recorder = recordSpans();
let plugin: HttpInstrumentation;
let server: Listening;
/** Responses that are never sent. */
let silent: http.ServerResponse[] = [];
beforeAll(async () => {
  plugin = new HttpInstrumentation({ disableIncomingRequestInstrumentation: true });
  plugin.instrument(http);
  server = await listenOn(
    http.createServer((request, response) => {
      if (request.url === '/silent') {
        silent.push(response);
        return;
      }
      if (request.url === '/broken') {
        request.socket.destroy();
        return;
      }
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => request.url === '/half-broken' && response.destroy());
    }),
  );
});
afterAll(async () => {
  plugin.disable();
  await server.close();
});
afterEach(() => {
  silent = [];
});

type Sent = (request: http.ClientRequest) => void;
type Read = (response: http.IncomingMessage, request: http.ClientRequest) => void;

interface Act {
  readonly path: string;
  readonly sent?: Sent;
  readonly read?: Read;
  readonly options?: () => http.RequestOptions;
}

/** Sends a request, acts on it, and returns its span. */
async function act({ path, sent, read, options }: Act) {
  const request = http.request(`${server.url}${path}`, options?.() ?? {});
  request.on('error', () => {});
  request.on('response', (response) => {
    response.on('error', () => {});
    response.once('data', () => read?.(response, request));
  });
  const closed = new Promise((resolve) => request.once('close', resolve));
  request.end();
  sent?.(request);
  await closed;
  const [span] = await recorder.take(1);
  return span;
}

const aborting = new AbortController();
test.each<[title: string, each: Act]>([
  ['request.destroy() before the request is sent', { path: '/silent', sent: (request) => request.destroy() }],
  [
    'request.destroy() while the response is awaited',
    { path: '/silent', sent: (request) => setImmediate(() => request.destroy()) },
  ],
  ['request.abort()', { path: '/silent', sent: (request) => setImmediate(() => request.abort()) }],
  ['request.destroy() while the body is read', { path: '/', read: (_, request) => request.destroy() }],
  ['response.destroy() while the body is read', { path: '/', read: (response) => response.destroy() }],
  [
    'an abort by a signal',
    { path: '/', options: () => ({ signal: aborting.signal }), read: () => aborting.abort('unmounted') },
  ],
  [
    'a destroyed agent',
    {
      path: '/silent',
      options: () => ({ agent: new http.Agent({ keepAlive: true }) }),
      sent: (request) => setImmediate(() => (request as { agent?: http.Agent }).agent?.destroy()),
    },
  ],
])('%s is not an error', async (_title, each) => {
  const span = await act(each);
  expect(span?.attributes).not.toHaveProperty(['error.type']);
  expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  expect(span?.events).toEqual([]);
});

const destroyed = (request: http.ClientRequest) => request.on('timeout', () => request.destroy());
test.each<[title: string, type: string, act: Act]>([
  ['a connection that the peer closes', 'ECONNRESET', { path: '/broken' }],
  ['a body that the peer breaks off', 'ECONNRESET', { path: '/half-broken' }],
  [
    'request.destroy() with an error',
    'RangeError',
    { path: '/silent', sent: (request) => request.destroy(new RangeError('changed')) },
  ],
  [
    'response.destroy() with an error',
    'RangeError',
    { path: '/', read: (response) => response.destroy(new RangeError('too long')) },
  ],
  [
    'request.destroy() because of a timeout',
    'ECONNRESET',
    { path: '/silent', options: () => ({ timeout: 20 }), sent: destroyed },
  ],
  [
    'request.destroy() because of a timeout while the body is read',
    'ECONNRESET',
    { path: '/', options: () => ({ timeout: 20 }), sent: destroyed },
  ],
  [
    'a timeout by a signal',
    'TimeoutError',
    { path: '/silent', options: () => ({ signal: AbortSignal.timeout(20) }) },
  ],
])('%s is an error', async (_title, type, each) => {
  const span = await act(each);
  expect(span?.attributes['error.type']).toBe(type);
  expect(span?.status.code).toBe(SpanStatusCode.ERROR);
});

describe('axios', () => {
  const options = { adapter: 'http', proxy: false } as const;
  test('a call that is cancelled is not an error', async () => {
    const abort = new AbortController();
    const call = axios.get(`${server.url}/silent`, { ...options, signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(call).rejects.toMatchObject({ code: 'ERR_CANCELED' });
    const [span] = await recorder.take(1);
    expect(span?.attributes).not.toHaveProperty(['error.type']);
  });

  test('a body that is cancelled is not an error', async () => {
    const abort = new AbortController();
    const { data } = await axios.get(`${server.url}/`, {
      ...options,
      signal: abort.signal,
      responseType: 'stream',
    });
    data.on('error', () => {});
    abort.abort();
    const [span] = await recorder.take(1);
    expect(span?.attributes).not.toHaveProperty(['error.type']);
  });

  test('a timeout is an error', async () => {
    await expect(axios.get(`${server.url}/silent`, { ...options, timeout: 20 })).rejects.toThrow(/timeout/);
    const [span] = await recorder.take(1);
    expect(span?.attributes['error.type']).toBe('ECONNABORTED');
  });
});

describe('got', () => {
  test('a call that is cancelled is not an error', async () => {
    const call = got(`${server.url}/silent`, { retry: 0 });
    call.on('request', () => setImmediate(() => call.cancel()));
    await expect(call).rejects.toMatchObject({ isCanceled: true });
    const [span] = await recorder.take(1);
    expect(span?.attributes).not.toHaveProperty(['error.type']);
  });

  test('a timeout is an error', async () => {
    await expect(got(`${server.url}/silent`, { retry: 0, timeout: 20 })).rejects.toThrow(/Timeout/);
    const [span] = await recorder.take(1);
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
  });
});
