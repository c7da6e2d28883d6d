// A cancellation by the application is not an error; a rejection by a proxy or the peer is one.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Listening, listenOn, type RecordedSpan, recordSpans } from '@clew/testing';
import { SpanStatusCode } from '@opentelemetry/api';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();
let server: Listening;
beforeAll(async () => {
  const peer = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: half\n\n');
  });
  peer.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  server = await listenOn(peer);
});
afterAll(() => server.close());

function expectCancelled(span: RecordedSpan | undefined): void {
  expect(span?.attributes).not.toHaveProperty(['error.type']);
  expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  expect(span?.events).toEqual([]);
}

describe.each(Object.entries(VERSIONS))('%s', (version, undici) => {
  let plugin: ReturnType<typeof instrument>;
  let agent: InstanceType<typeof undici.Agent>;
  beforeEach(() => {
    plugin = instrument({}, undici);
    agent = new undici.Agent();
  });
  afterEach(async () => {
    plugin.disable();
    await agent.destroy();
  });

  test('a body that is destroyed halfway is not an error', async () => {
    const { body } = await undici.request(server.url, { dispatcher: agent });
    for await (const _ of body) break;
    const [span] = await recorder.take(1);
    expectCancelled(span);
  });

  test('a cancelled body of fetch is not an error', async () => {
    const { body } = await undici.fetch(server.url, { dispatcher: agent });
    await body?.cancel();
    const [span] = await recorder.take(1);
    expectCancelled(span);
  });

  test('an abort of fetch with a string as its reason is not an error', async () => {
    const abort = new AbortController();
    await undici.fetch(server.url, { dispatcher: agent, signal: abort.signal });
    abort.abort('unmounted');
    const [span] = await recorder.take(1);
    expectCancelled(span);
  });

  const { EventSource } = undici as { readonly EventSource?: typeof undici.EventSource };
  if (EventSource !== undefined)
    test('a closed event source is not an error', async () => {
      const source = new EventSource(server.url, { dispatcher: agent } as object);
      await once(source, 'message');
      source.close();
      const [span] = await recorder.take(1);
      expectCancelled(span);
    });

  // Version 5 leaves a timer of ten seconds.
  const testTunnel = version === 'undici5' ? test.skip : test;
  testTunnel('a tunnel rejected by a proxy is an error', async () => {
    const dispatcher = new undici.ProxyAgent(server.url);
    await expect(undici.request('https://api.internal/', { dispatcher })).rejects.toThrow(/407/);
    const spans = await recorder.take(2);
    const span = spans.find(({ name }) => name === 'GET');
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    await dispatcher.destroy();
  });
});
