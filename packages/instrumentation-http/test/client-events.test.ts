// The context of the events of a request, on a connection that another request has opened.
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { callerSpan, currentSpanId, type Listening, listenOn, recordSpans, within } from '@clew/testing';
import { HttpInstrumentation } from '../src/index.ts';

const recorder = recordSpans();
let plugin: HttpInstrumentation;
let server: Listening;
let agent: http.Agent;
const ports: (number | undefined)[] = [];

beforeAll(async () => {
  plugin = new HttpInstrumentation({ disableIncomingRequestInstrumentation: true });
  plugin.instrument(http);
  const peer = http.createServer((request, response) => {
    ports.push(request.socket.remotePort);
    if (request.url === '/break') return request.socket.destroy();
    if (request.url === '/never') return undefined;
    response.writeProcessing();
    if (request.url !== '/half') return request.resume().on('end', () => response.end('whole'));
    response.writeHead(200, { 'content-length': '100' });
    return response.write('half', () => setImmediate(() => response.destroy()));
  });
  peer.on('upgrade', (request, socket: Duplex) => {
    ports.push(request.socket.remotePort);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  });
  server = await listenOn(peer);
});
beforeEach(() => {
  agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  ports.length = 0;
});
afterEach(() => agent.destroy());
afterAll(async () => {
  plugin.disable();
  await server.close();
});

const EVENTS = [
  'socket',
  'finish',
  'drain',
  'information',
  'response',
  'upgrade',
  'timeout',
  'error',
  'close',
];

interface Row {
  readonly path: string;
  readonly options?: http.RequestOptions;
  readonly body?: string;
  readonly seen: readonly string[];
}

test.each<Row>([
  {
    path: '/',
    seen: ['socket', 'finish', 'information', 'response', 'response data', 'response end', 'close'],
  },
  {
    path: '/',
    options: { method: 'POST' },
    body: 'x'.repeat(4_000_000),
    seen: ['socket', 'drain', 'response', 'close'],
  },
  { path: '/break', seen: ['socket', 'error', 'close'] },
  { path: '/half', seen: ['response', 'response data', 'response error', 'close'] },
  { path: '/never', options: { timeout: 20 }, seen: ['timeout', 'error', 'close'] },
  {
    path: '/',
    options: { headers: { connection: 'Upgrade', upgrade: 'echo' } },
    seen: ['socket', 'upgrade', 'close'],
  },
])('$path $options: $seen', async ({ path, options, body, seen }) => {
  const opener = callerSpan('opener');
  await within(opener, async () => {
    const request = http.get(server.url, { agent });
    request.on('response', (response) => response.resume());
    await once(request, 'close');
  });
  const caller = callerSpan('caller');
  const events: [name: string, spanId: string][] = [];
  // The listeners are added in another context, as by a library with its own context.
  const request = within(caller, () => http.request(`${server.url}${path}`, { agent, ...options }));
  for (const event of EVENTS) {
    // A listener for `upgrade` would change the events of the others.
    if (event === 'upgrade' && !options?.headers) continue;
    request.on(event, () => events.push([event, currentSpanId()]));
  }
  request.on('timeout', () => request.destroy());
  request.on('upgrade', (_response, socket) => socket.destroy());
  request.on('response', (response) => {
    for (const event of ['data', 'end', 'error', 'close']) {
      response.on(event, () => events.push([`response ${event}`, currentSpanId()]));
    }
  });
  const closed = new Promise((resolve) => request.on('close', resolve));
  if (body === undefined) request.end();
  else request.on('drain', () => request.end()).write(body);
  await closed;
  opener.end();
  caller.end();
  await recorder.take(4);
  expect(ports[1]).toBe(ports[0]);
  expect(events.map(([name]) => name)).toEqual(expect.arrayContaining([...seen]));
  const { spanId } = caller.spanContext();
  expect(events.filter(([, current]) => current !== spanId)).toEqual([]);
});
