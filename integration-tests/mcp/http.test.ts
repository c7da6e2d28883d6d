import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { McpInstrumentation } from '@clew/instrumentation-mcp';
import { type RecordedSpan, recordSpans, send } from '@clew/testing';
import { SpanKind, trace } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import type { Api, Client, Constructor, Listening, Tool } from './apis.ts';
import { spanOf } from './traced.ts';

const recorder = recordSpans();
const CALL = 'tools/call weather';

/** Runs `work` with a client and a server over streamable HTTP; `server.url` is that of its HTTP server. */
async function overHttp(
  api: Api,
  tool: Tool,
  work: (client: Client, server: Listening) => Promise<unknown>,
  options: object = {},
): Promise<void> {
  const [mcp, plugin] = [new McpInstrumentation(options), new HttpInstrumentation()];
  api.instrument(mcp);
  plugin.instrument(http);
  const server = await api.listen(() => api.newServer(tool));
  const client = api.newClient();
  try {
    await client.connect(api.http(server.url));
    await work(client, server);
  } finally {
    await client.close();
    await server.close();
    mcp.disable();
    plugin.disable();
  }
}

const isHttp = ({ attributes }: RecordedSpan) => attributes['http.request.method'] !== undefined;

/** All spans, once the connections are closed: until then, the client listens to the server with a GET. */
const allSpans = () => recorder.takeUntil(() => true);

describe.each(apis)('$name over streamable HTTP', (api) => {
  test('the SERVER span is a child of the CLIENT span, and links to that of the HTTP request', async () => {
    let port = '';
    await overHttp(
      api,
      () => 'done',
      async (client, { url }) => {
        port = url.port;
        await api.call(client, { name: 'weather' });
      },
    );
    const spans = await allSpans();
    const sent = spanOf(spans, SpanKind.CLIENT, CALL);
    const served = spanOf(spans, SpanKind.SERVER, CALL);
    expect(served).toMatchObject({ traceId: sent.traceId, parentSpanId: sent.spanId });
    const linked = spans.filter(({ spanId }) => spanId === served.links[0]?.context.spanId);
    expect(linked.map(isHttp)).toEqual([true]);
    expect(sent.attributes).toMatchObject({
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(port),
      'mcp.session.id': 'session-0',
      'mcp.protocol.version': expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });
    expect(served.attributes).toMatchObject({
      'network.transport': 'tcp',
      'mcp.session.id': 'session-0',
      'mcp.protocol.version': sent.attributes['mcp.protocol.version'],
    });
  });

  test('a host that is not allowed gets no context, and its span belongs to the HTTP request', async () => {
    const metas: unknown[] = [];
    const tool: Tool = (_, { meta }) => {
      metas.push(meta ?? {});
      return 'done';
    };
    await overHttp(api, tool, (client) => api.call(client, { name: 'weather' }), {
      propagateTo: ['*.internal'],
    });
    expect(metas).toEqual([{}]);
    const spans = await allSpans();
    const served = spanOf(spans, SpanKind.SERVER, CALL);
    expect(spans.filter(({ spanId }) => spanId === served.parentSpanId).map(isHttp)).toEqual([true]);
    expect(served.links).toEqual([]);
  });
});

describe.each(apis.slice(0, 2))('$name', (api) => {
  test('each request of a batch has a SERVER span with the parent of its own _meta', async () => {
    const ids = [1, 2, 3].map((digit) => String(digit).repeat(32));
    const inTools: (string | undefined)[] = [];
    const tool: Tool = async () => {
      await null;
      inTools.push(trace.getActiveSpan()?.spanContext().traceId);
      return 'done';
    };
    await overHttp(api, tool, async (_client, { url }) => {
      const batch = ids.map((id, index) => ({
        jsonrpc: '2.0',
        id: `b${index}`,
        method: 'tools/call',
        params: { name: 'weather', _meta: { traceparent: `00-${id}-${'a'.repeat(16)}-01` } },
      }));
      const { status } = await send(`${url}`, {
        method: 'POST',
        headers: {
          accept: 'application/json, text/event-stream',
          connection: 'close',
          'content-type': 'application/json',
          'mcp-session-id': 'session-0',
        },
        body: JSON.stringify(batch),
      });
      expect(status).toBe(200);
    });
    const served = (await allSpans()).filter(({ name, kind }) => kind === SpanKind.SERVER && name === CALL);
    expect(served.map(({ traceId }) => traceId).sort()).toEqual(ids);
    expect(inTools.sort()).toEqual(ids);
    for (const { links } of served) expect(links).toHaveLength(1);
  });
});

// The oldest SDK does not pass the URL of the HTTP request on.
test.each([apis[0]!, apis[2]!])('$name: rules of trust name the path of the HTTP request', async (api) => {
  const trust = [{ path: '/mcp', trace: 'link' }, { trace: 'continue' }];
  await overHttp(
    api,
    () => 'done',
    (client) => api.call(client, { name: 'weather' }),
    { trust },
  );
  const spans = await allSpans();
  const sent = spanOf(spans, SpanKind.CLIENT, CALL);
  const served = spanOf(spans, SpanKind.SERVER, CALL);
  expect(spans.filter(({ spanId }) => spanId === served.parentSpanId).map(isHttp)).toEqual([true]);
  expect(served.links.map(({ context }) => context.spanId)).toEqual([sent.spanId]);
});

describe.each(apis.slice(0, 2))('$name over HTTP with server-sent events', (api) => {
  test('the SERVER span is a child of the CLIENT span', async () => {
    const [name] = api.name.split(' ');
    const { SSEServerTransport } = require(`${name}/server/sse.js`) as { SSEServerTransport: Constructor };
    const { SSEClientTransport } = require(`${name}/client/sse.js`) as { SSEClientTransport: Constructor };
    const plugin = new McpInstrumentation();
    api.instrument(plugin);
    let posts: { handlePostMessage(request: object, response: object): Promise<void> } | undefined;
    const server = api.newServer(() => 'done');
    const listening = http.createServer(async (request, response) => {
      if (request.method === 'POST') return posts?.handlePostMessage(request, response);
      const transport = new SSEServerTransport('/messages', response);
      posts = transport as typeof posts;
      return server.connect(transport);
    });
    await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
    const { port } = listening.address() as AddressInfo;
    const client = api.newClient();
    try {
      await client.connect(new SSEClientTransport(new URL(`http://127.0.0.1:${port}/sse`)));
      await api.call(client, { name: 'weather' });
    } finally {
      await client.close();
      await server.close();
      listening.closeAllConnections();
      listening.close();
      plugin.disable();
    }
    const spans = await allSpans();
    const sent = spanOf(spans, SpanKind.CLIENT, CALL);
    expect(spanOf(spans, SpanKind.SERVER, CALL).parentSpanId).toBe(sent.spanId);
    expect(sent.attributes).toMatchObject({ 'network.transport': 'tcp', 'server.port': port });
  });
});
