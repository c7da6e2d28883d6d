import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Api, Client, Constructor, End, Exports, Params, ToolControl } from './apis.ts';
import {
  capabilities,
  completion,
  info,
  listenWith,
  message,
  type Request,
  resultOf,
  sampling,
  tools,
} from './test-server.ts';

const { resolve } = createRequire(__filename);

interface Extra1 {
  readonly signal: AbortSignal;
  readonly _meta?: Record<string, unknown>;
  sendNotification(notification: object): Promise<void>;
  sendRequest(request: object, schema: unknown): Promise<unknown>;
}

/** @modelcontextprotocol/sdk under a name. */
export function apiOf1(name: string): Api {
  const load = (path: string): Exports => require(`${name}/${path}`);
  const { version } = require(join(resolve(`${name}/types.js`), '../../../package.json')) as Exports;
  const [types, protocol] = [load('types.js'), load('shared/protocol.js')];
  const { Server } = load('server/index.js') as { Server: Constructor };
  const { Client } = load('client/index.js') as { Client: Constructor };
  return {
    name: `${name} ${version}`,
    protocols: [protocol.Protocol as never],
    instrument: (plugin) => plugin.instrument(protocol),
    newServer(tool) {
      const server = new Server(info, { capabilities }) as End & {
        setRequestHandler(schema: unknown, handler: (request: Request, extra: Extra1) => unknown): void;
      };
      server.setRequestHandler(types.ListToolsRequestSchema, () => ({ tools }));
      server.setRequestHandler(types.ReadResourceRequestSchema, () => ({ contents: [] }));
      server.setRequestHandler(types.GetPromptRequestSchema, () => ({ messages: [message] }));
      server.setRequestHandler(types.CallToolRequestSchema, async (request, extra) => {
        const meta = extra._meta ?? (request.params as { _meta?: Record<string, unknown> })._meta;
        const control: ToolControl = {
          signal: extra.signal,
          meta,
          progress: (progress) =>
            extra.sendNotification({
              method: 'notifications/progress',
              params: { progressToken: meta?.progressToken, progress },
            }),
          log: (data) =>
            extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } }),
          sample: () =>
            extra.sendRequest(
              { method: 'sampling/createMessage', params: sampling },
              types.CreateMessageResultSchema,
            ),
        };
        return resultOf(await tool(request.params.arguments ?? {}, control));
      });
      return server;
    },
    newClient(sample = () => undefined) {
      const client = new Client(info, { capabilities: { sampling: {} } }) as Client & {
        setRequestHandler(schema: unknown, handler: () => unknown): void;
      };
      client.setRequestHandler(types.CreateMessageRequestSchema, async () => (await sample()) ?? completion);
      return client;
    },
    call: (client, params, options) =>
      (
        client as unknown as {
          callTool(params: Params, schema: undefined, options?: object): Promise<never>;
        }
      ).callTool(params, undefined, options),
    memory: () =>
      (load('inMemory.js').InMemoryTransport as { createLinkedPair(): [object, object] }).createLinkedPair(),
    stdio: (command, args, env) =>
      new (load('client/stdio.js').StdioClientTransport as Constructor)({ command, args, env }),
    http: (url) => new (load('client/streamableHttp.js').StreamableHTTPClientTransport as Constructor)(url),
    listen: (newServer) =>
      listenWith(load('server/streamableHttp.js').StreamableHTTPServerTransport as Constructor, newServer),
  };
}
