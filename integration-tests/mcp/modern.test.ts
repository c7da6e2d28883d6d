import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpInstrumentation } from '@clew/instrumentation-mcp';
import { recordSpans } from '@clew/testing';
import { SpanKind, trace } from '@opentelemetry/api';
import { apis } from './all-apis.ts';
import type { Client, Constructor, End, Exports } from './apis.ts';
import { spanOf } from './traced.ts';

const recorder = recordSpans();
const exported = require('@modelcontextprotocol/server') as Exports;
const { toNodeHandler } = require('@modelcontextprotocol/node');

const info = { name: 'test', version: '1.0.0' };
const activeTraceId = () => trace.getActiveSpan()?.spanContext().traceId;

/** A stateless server of the protocol of 2026-07-28, whose tool asks for input by its result. */
async function listen() {
  const inTool: (string | undefined)[] = [];
  const createMcpHandler = exported.createMcpHandler as (newServer: () => object) => object;
  const inputRequired = exported.inputRequired as ((parts: object) => object) & {
    elicit(params: object): object;
  };
  const handler = createMcpHandler(() => {
    const server = new (exported.McpServer as Constructor)(info) as {
      registerTool(
        name: string,
        config: object,
        tool: (ctx: { mcpReq: { inputResponses?: object } }) => object,
      ): void;
    };
    server.registerTool('weather', {}, (ctx) => {
      inTool.push(activeTraceId());
      if (ctx.mcpReq.inputResponses !== undefined) return { content: [{ type: 'text', text: '21 degrees' }] };
      const city = inputRequired.elicit({
        message: 'Which city?',
        requestedSchema: { type: 'object', properties: { city: { type: 'string' } } },
      });
      return inputRequired({ inputRequests: { city } });
    });
    return server;
  });
  const http = createServer(toNodeHandler(handler));
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
  return { url: new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`), inTool, http };
}

test('a request of several rounds is one trace; what fulfils it runs in the CLIENT span', async () => {
  const api = apis[2]!;
  const plugin = new McpInstrumentation();
  api.instrument(plugin);
  const { url, inTool, http } = await listen();
  const { Client } = require('@modelcontextprotocol/client') as { Client: Constructor };
  const client = new Client(info, {
    capabilities: { elicitation: { form: {} } },
    versionNegotiation: { mode: 'auto' },
  }) as Client & End & { setRequestHandler(method: string, handler: () => object): void };
  let inHandler: string | undefined;
  client.setRequestHandler('elicitation/create', () => {
    inHandler = trace.getActiveSpan()?.spanContext().spanId;
    return { action: 'accept', content: { city: 'Bern' } };
  });
  try {
    await client.connect(api.http(url));
    const { content } = await api.call(client, { name: 'weather' });
    expect(content).toEqual([{ type: 'text', text: '21 degrees' }]);
  } finally {
    await client.close();
    http.closeAllConnections();
    http.close();
    plugin.disable();
  }
  const spans = (await recorder.takeUntil(() => true)).filter(({ name }) => name === 'tools/call weather');
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set(inTool));
  const [first, second] = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(second?.parentSpanId).toBe(first?.spanId);
  expect(inHandler).toBe(first?.spanId);
  const served = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(served.map(({ parentSpanId }) => parentSpanId)).toEqual([first?.spanId, second?.spanId]);
  for (const { attributes } of spans) expect(attributes['mcp.protocol.version']).toBe('2026-07-28');
  expect(spanOf([first!], SpanKind.CLIENT, 'tools/call weather').attributes['network.transport']).toBe('tcp');
});
