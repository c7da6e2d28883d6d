// Requests whose server is killed, refuses them, or breaks their connection.
import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { McpInstrumentation } from '@clew/instrumentation-mcp';
import { listenOn, recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { cleanEnvironment } from '../run-program.ts';
import { apis } from './all-apis.ts';
import type { Client, Tool } from './apis.ts';
import { eventsOf, spanOf } from './traced.ts';

const recorder = recordSpans();
const CALL = 'tools/call weather';
/** SDKs do not notice that a stream is over: the request times out. */
const TIMEOUT_MS = 500;
const EVENT_STREAM = { 'content-type': 'text/event-stream' };

/** What happens to a request that calls a tool, instead of a response of the server. */
type Fault = (response: ServerResponse) => unknown;

const FAULTS = {
  'breaks its connection': (response) => response.destroy(),
  'refuses it with the status 401': (response) => response.writeHead(401).end('no'),
  'refuses it with the status 429': (response) => response.writeHead(429, { 'retry-after': '0' }).end('busy'),
} satisfies Record<string, Fault>;

const STREAM_FAULTS = {
  'breaks its connection in the stream': (response) =>
    response.writeHead(200, EVENT_STREAM).write(': started\n\n', () => response.destroy()),
  'ends the stream without a result': (response) =>
    response.writeHead(200, EVENT_STREAM).end(': started\n\n'),
} satisfies Record<string, Fault>;

/** Passes requests on to a server, except calls of a tool. */
async function startProxy(target: URL, fault: Fault) {
  const passOn = ({ method, headers }: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const sent = forward(target, { method, headers, agent: false }, (received) => {
      response.writeHead(received.statusCode ?? 502, received.headers);
      received.on('error', () => response.destroy()).pipe(response);
    });
    response.on('close', () => sent.destroy());
    sent.on('error', () => response.destroy()).end(body);
  };
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (body.includes('"tools/call"')) fault(response);
    else passOn(request, body, response);
  });
  const { url, close } = await listenOn(server);
  return {
    url: new URL(`${url}/mcp`),
    close: () => {
      server.closeAllConnections();
      return close();
    },
  };
}

describe.each(apis)('$name', (api) => {
  /** Runs `work` with a client that is connected, and is not traced before. */
  async function connected(
    transport: object,
    work: (client: Client) => Promise<void>,
    sample?: () => unknown,
  ) {
    const client = api.newClient(sample);
    client.onerror = () => {};
    await client.connect(transport);
    const plugin = new McpInstrumentation();
    api.instrument(plugin);
    try {
      await work(client);
    } finally {
      await client.close();
      plugin.disable();
    }
  }

  /** Calls the tool of a server behind a proxy with a fault. Returns the error of the application and the only span. */
  async function callOver(fault: Fault) {
    const server = await api.listen(() => api.newServer(() => 'never called'));
    const proxy = await startProxy(server.url, fault);
    let error: unknown;
    await connected(api.http(proxy.url), async (client) => {
      error = await api.call(client, { name: 'weather' }, { timeout: TIMEOUT_MS }).catch((reason) => reason);
    });
    await proxy.close();
    await server.close();
    const [span] = await recorder.take(1);
    expect(span).toMatchObject({ name: CALL, kind: SpanKind.CLIENT });
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.events.filter(({ name }) => name === 'exception')).toHaveLength(1);
    expect(span?.attributes).not.toHaveProperty(['clew.client.incomplete']);
    return { error: error as Error, span: span! };
  }

  test.each(Object.entries(FAULTS))(
    'a server that %s: the error of the application is recorded once',
    async (_, fault) => {
      const { error, span } = await callOver(fault);
      expect(span.status.message).toBe(error.message);
    },
  );

  test.each(Object.entries(STREAM_FAULTS))('a server that %s: the call is a timeout', async (_, fault) => {
    const { error, span } = await callOver(fault);
    expect(error.message).toContain('timed out');
    expect(span.attributes['error.type']).toBe('timeout');
  });

  test('an abort after the first event of the stream is a cancellation on both sides', async () => {
    const tool: Tool = async (_, { progress, signal }) => {
      await progress(1);
      if (!signal.aborted) await once(signal, 'abort');
    };
    const server = await api.listen(() => api.newServer(tool));
    const aborting = new AbortController();
    await connected(api.http(server.url), async (client) => {
      const options = { signal: aborting.signal, onprogress: () => aborting.abort() };
      await expect(api.call(client, { name: 'weather' }, options)).rejects.toBeDefined();
      const spans = await recorder.take(2);
      const [sent, served] = [SpanKind.CLIENT, SpanKind.SERVER].map((kind) => spanOf(spans, kind, CALL));
      for (const span of [sent, served]) expect(span?.status.code).toBe(SpanStatusCode.UNSET);
      expect(sent?.attributes['clew.client.incomplete']).toBe('cancelled');
      expect(eventsOf(served!)).toEqual(['cancelled']);
    });
    await server.close();
  });

  test('a server process that is killed during a call: the connection is closed', async () => {
    const program = join(__dirname, 'programs', 'dies.cjs');
    const environment = cleanEnvironment({ NODE_NO_WARNINGS: '1' }) as Record<string, string>;
    await connected(api.stdio(process.execPath, [program], environment), async (client) => {
      // The oldest SDK keeps the timer of the request after the connection has closed.
      const called = api.call(client, { name: 'weather' }, { timeout: 5000 });
      await expect(called).rejects.toThrow('closed');
      const [span] = await recorder.take(1);
      expect(span?.status.code).toBe(SpanStatusCode.ERROR);
      expect(span?.attributes['error.type']).toBe('connection_closed');
    });
  });
});
